import Glibc
import LuaHost
import LuaMachine
import Shell

/// The file that a run is recorded in, or the one that it repeats.
enum JournalFile {
    /// Opens what `--record` or `--replay` names.
    static func open(_ options: RunOptions) throws(LuaFailure) -> RunJournal {
        if let file = options.recordFile {
            let descriptor = UserFiles.openLines(file)
            guard descriptor >= 0 else {
                throw LuaFailure("--record \(file): \(UserFiles.reason)")
            }
            return .recording(
                RunRecorder(program: Version.text) { bytes in
                    if !Output.writeAll(bytes, to: descriptor) {
                        Output.fail("--record \(file): \(UserFiles.reason)")
                    }
                })
        }
        guard let file = options.replayFile else { return .none }
        guard let text = UserFiles.read(file) else {
            throw LuaFailure("--replay \(file): \(UserFiles.reason)")
        }
        do throws(RunReplay.Problem) {
            return .replaying(try RunReplay(text, file: file))
        } catch {
            throw LuaFailure("--replay: \(error)")
        }
    }
}
