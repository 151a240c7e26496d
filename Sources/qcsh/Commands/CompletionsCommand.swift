import ArgumentParser
import Shell

/// Writes completion scripts for shells.
struct CompletionsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completions",
        abstract: "Write a completion script for bash, zsh or fish.",
        discussion: """
            The script asks qcsh for completions, which include contexts, methods, field paths, \
            scripts and names of the account. scripts/install installs the scripts. By hand:
              bash  source <(qcsh completions bash)      in ~/.bashrc
              zsh   source <(qcsh completions zsh)       in ~/.zshrc, after compinit
              fish  qcsh completions fish | source       in ~/.config/fish/config.fish
            """)

    @Argument(help: ArgumentHelp("The shell.", valueName: "shell"))
    var shell: CompletionScript

    func run() throws { Output.data(shell.text) }
}

extension CompletionScript: ExpressibleByArgument {}
