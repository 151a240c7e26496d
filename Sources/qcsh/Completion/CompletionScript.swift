/// The completion scripts. Each asks `qcsh __complete WORD…` for the candidates of the last word, one
/// per line with a description after a tab. After a candidate that ends in `/`, `=`, `.`, `:`, `,` or `[`
/// the word goes on.
enum CompletionScript: String, CaseIterable {
    case bash, zsh, fish

    /// The word that precedes the words to complete.
    static let query = "__complete"

    /// The script's text.
    var text: String {
        switch self {
        case .bash: Self.bashText
        case .zsh: Self.zshText
        case .fish: Self.fishText
        }
    }

    private static let bashText = #"""
        # Completions of qcsh for bash.
        _qcsh() {
            local words=() word rest=$COMP_LINE tail current head line i
            # bash splits words at = and :, which are parts of qcsh's words.
            for ((i = 0; i <= COMP_CWORD; i++)); do
                word=${COMP_WORDS[i]}
                if ((i < 2)) || [[ $rest == [[:space:]]* ]]; then
                    words+=("$word")
                else
                    words[${#words[@]} - 1]+=$word
                fi
                rest=${rest#*"$word"}
            done
            tail=${COMP_LINE:COMP_POINT}
            tail=${tail%%[[:space:]]*}
            current=${words[${#words[@]} - 1]%"$tail"}
            words[${#words[@]} - 1]=$current
            # bash replaces the part after the last = or : only.
            word=${COMP_WORDS[COMP_CWORD]}
            head=${current%"$word"}
            [[ $word == *[^=:]* ]] || head=$current
            COMPREPLY=()
            while IFS= read -r line; do
                word=${line%%$'\t'*}
                [[ $word == "$head"* ]] || continue
                word=${word#"$head"}
                [[ $word == "~/"* ]] && COMPREPLY+=("~/$(printf %q "${word:2}")") ||
                    COMPREPLY+=("$(printf %q "$word")")
            done < <("${words[0]/#\~/$HOME}" __complete "${words[@]:1}" 2>/dev/null)
            if ((${#COMPREPLY[@]} == 1)) && [[ ${COMPREPLY[0]} == *[/=.:,[] ]]; then
                compopt -o nospace
            fi
        }
        complete -F _qcsh qcsh

        """#

    private static let zshText = #"""
        #compdef qcsh
        # Completions of qcsh for zsh.
        _qcsh() {
            local -a lines whole open
            local line value about command=${~words[1]}
            lines=("${(@f)$($command __complete "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
            for line in $lines; do
                value=${line%%$'\t'*}
                about=${line#*$'\t'}
                if [[ $value == *[/=.:,\[] ]]; then
                    open+=("${value//:/\\:}:$about")
                else
                    whole+=("${value//:/\\:}:$about")
                fi
            done
            (($#whole + $#open)) || return 1
            (($#whole)) && _describe -V -t values qcsh whole
            (($#open)) && _describe -V -t parts qcsh open -S ''
            return 0
        }
        if [ "$funcstack[1]" = _qcsh ]; then
            _qcsh "$@"
        else
            compdef _qcsh qcsh
        fi

        """#

    private static let fishText = #"""
        # Completions of qcsh for fish.
        function __qcsh_complete
            set -l words (commandline -opc)
            set -l command $words[1]
            set -e words[1]
            set -l current (commandline -ct)
            $command __complete $words "$current" 2>/dev/null
        end
        complete -c qcsh -f -k -a '(__qcsh_complete)'

        """#
}
