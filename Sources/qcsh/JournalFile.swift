import LuaHost
import Shell

#if canImport(Glibc)
    import Glibc
#endif

/// The file that a run is recorded in, or the one that it repeats.
enum JournalFile {
    /// Opens what `--record` or `--replay` names.
    static func open(_ options: RunOptions) throws(LuaFailure) -> RunJournal {
        if let file = options.recordFile {
            let descriptor = Glibc.open(
                file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
            guard descriptor >= 0, fchmod(descriptor, 0o600) == 0 else {
                throw LuaFailure("--record \(file): \(String(cString: strerror(errno)))")
            }
            return .recording(
                RunRecorder(program: Version.text) { _ = Output.writeAll($0, to: descriptor) })
        }
        guard let file = options.replayFile else { return .none }
        guard let text = UserFiles.read(file) else {
            throw LuaFailure("--replay \(file): \(String(cString: strerror(errno)))")
        }
        do throws(RunReplay.Problem) {
            return .replaying(try RunReplay(text, file: file))
        } catch {
            throw LuaFailure("--replay: \(error)")
        }
    }
}
