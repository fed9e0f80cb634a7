/** Where a finding is, as far as it says. */
export interface Place {
  /** Relative to the workspace, with `/`; nothing where the finding is about no file. */
  file: string | undefined
  /** From 1. */
  line: number | undefined
}

/** The same place for `./src/a.ts`, `/src/a.ts`, `src\a.ts`, `src/b/../a.ts` and `src/a.ts:12`, so that findings can meet. */
export function placeOf(finding: { file?: string | undefined; line?: number | undefined }): Place {
  let file = (finding.file ?? '')
    .trim()
    .replaceAll('\\', '/')
    .replace(/^[`'"](.+)[`'"]$/, '$1')
    .replace(/^file:\/\//, '')
    .replace(/\s+\(?lines?\s+(\d+)(?:\s*[-–]\s*\d+)?\)?$/i, ':$1')
  let line = finding.line
  const suffix = /^(.+?)(?::|#L)(\d{1,9})(?:[:-]\d+)*$/.exec(file)
  if (suffix?.[1] !== undefined) {
    file = suffix[1]
    line ??= Number(suffix[2])
  }
  file = normalized(file)
  const named =
    file !== '' && !/^(?:n\/?a|none|null|unknown|general|various|multiple|-)$/i.test(file)
  return {
    file: named ? file : undefined,
    line: named && line !== undefined && Number.isInteger(line) && line >= 1 ? line : undefined,
  }
}

/** Without what leads nowhere; a path out of the workspace is left as it is. */
function normalized(path: string): string {
  const steps: string[] = []
  for (const step of path.split('/')) {
    if (step === '' || step === '.') continue
    const before = steps.at(-1)
    if (step === '..' && before !== undefined && before !== '..') steps.pop()
    else steps.push(step)
  }
  return steps.join('/')
}

/** `src/a.ts:12`, `src/a.ts`, or nothing. */
export function formatPlace({ file, line }: Place): string {
  if (file === undefined) return ''
  return line === undefined ? file : `${file}:${line}`
}
