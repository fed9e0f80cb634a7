import type { CommandUnknownOpts } from '@commander-js/extra-typings'

// Completion is derived from the commands themselves, so that new ones need no change here.

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

interface Described {
  name: string
  description: string
  /** Long options. */
  options: { flag: string; description: string; choices: readonly string[] }[]
}

/** A script for the shell that completes commands, their options and the values these allow. */
export function completionOf(program: CommandUnknownOpts, shell: Shell): string {
  const commands = program.commands.map(describe)
  const root = describe(program)
  switch (shell) {
    case 'bash':
      return bash(commands, root)
    case 'zsh':
      return `autoload -U +X bashcompinit && bashcompinit\n${bash(commands, root)}`
    case 'fish':
      return fish(commands, root)
  }
}

function describe(command: CommandUnknownOpts): Described {
  return {
    name: command.name(),
    description: command.description(),
    options: command.options.flatMap(({ long, description, argChoices = [] }) =>
      long == null ? [] : [{ flag: long, description, choices: argChoices }],
    ),
  }
}

function bash(commands: readonly Described[], root: Described): string {
  const cases = commands.map(
    ({ name, options }) => `    ${name}) words="${options.map(({ flag }) => flag).join(' ')}" ;;`,
  )
  const values = commands.flatMap(({ name, options }) =>
    options
      .filter(({ choices }) => choices.length > 0)
      .map(({ flag, choices }) => `    "${name} ${flag}") words="${choices.join(' ')}" ;;`),
  )
  return `# Completion of tutti. In ~/.bashrc: source <(tutti completion bash)
_tutti() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" command="" words="" each
  for each in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case " ${commands.map(({ name }) => name).join(' ')} " in
      *" $each "*) command="$each"; break ;;
    esac
  done
  case "$command" in
    "") words="${[...commands.map(({ name }) => name), ...root.options.map(({ flag }) => flag)].join(' ')}" ;;
${cases.join('\n')}
  esac
  case "$command $before" in
${values.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _tutti tutti
`
}

function fish(commands: readonly Described[], root: Described): string {
  const line = (when: string, { flag, description, choices }: Described['options'][number]) =>
    `complete -c tutti ${when} -l ${flag.slice(2)} -d ${quoted(description)}${choices.length > 0 ? ` -x -a ${quoted(choices.join(' '))}` : ''}`
  return [
    '# Completion of tutti: tutti completion fish > ~/.config/fish/completions/tutti.fish',
    ...root.options.map((option) => line('', option)),
    ...commands.flatMap(({ name, description, options }) => [
      `complete -c tutti -n __fish_use_subcommand -a ${name} -d ${quoted(description)}`,
      ...options.map((option) => line(`-n '__fish_seen_subcommand_from ${name}'`, option)),
    ]),
    '',
  ].join('\n')
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
