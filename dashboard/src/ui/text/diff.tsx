import parser, { type Change, type File } from 'gitdiff-parser'
import { useMemo } from 'react'
import { classNames } from '../class-names.ts'
import { usePaging } from '../hooks/use-paging.ts'
import { MoreButton } from '../more-button.tsx'
import { ScrollRegion } from '../scroll-region.tsx'

const LINES_AT_ONCE = 400

/** A unified diff, file by file. */
export function Diff({ patch }: { patch: string }) {
  const files = useMemo(() => parsePatch(patch), [patch])
  const { shown, left, more } = usePaging(files ?? [], 50)
  if (files === undefined) return <pre className="plain-text">{patch}</pre>
  return (
    <div className="space-y-3">
      {shown.map((file) => (
        <DiffFile key={`${file.oldPath}:${file.newPath}`} file={file} open={files.length <= 8} />
      ))}
      <MoreButton left={left} onClick={more} />
    </div>
  )
}

function parsePatch(patch: string): File[] | undefined {
  try {
    const files = parser.parse(patch)
    return files.length === 0 ? undefined : files
  } catch {
    // Not a diff after all: shown unchanged.
    return undefined
  }
}

interface Line {
  key: string
  /** A line of code, or the header of a hunk. */
  change: Change | undefined
  text: string
}

function DiffFile({ file, open }: { file: File; open: boolean }) {
  const lines = useMemo(() => linesOf(file), [file])
  const { shown, left, more } = usePaging(lines, LINES_AT_ONCE)
  const added = lines.filter(({ change }) => change?.type === 'insert').length
  const removed = lines.filter(({ change }) => change?.type === 'delete').length
  return (
    <details open={open} className="overflow-hidden rounded-lg border border-line bg-surface">
      <summary className="flex cursor-pointer items-center gap-3 px-3 py-2 text-[0.8125rem] outline-offset-[-2px] hover:bg-hover">
        <span className="min-w-0 flex-1 truncate font-mono">{fileName(file)}</span>
        {file.type !== 'modify' && <span className="text-ink-3">{FILE_TYPES[file.type]}</span>}
        <span className="tabular text-succeeded">+{added}</span>
        <span className="tabular text-failed">−{removed}</span>
      </summary>
      {file.isBinary ? (
        <p className="border-t border-line px-3 py-2 text-ink-2">A binary file.</p>
      ) : (
        <ScrollRegion
          label={`Changes of ${fileName(file)}`}
          className="overflow-x-auto border-t border-line"
        >
          <table className="w-full border-collapse font-mono text-xs leading-5">
            <tbody>
              {shown.map((line) => (
                <DiffLine key={line.key} line={line} />
              ))}
            </tbody>
          </table>
          <div className="px-3 pb-2">
            <MoreButton left={left} onClick={more} />
          </div>
        </ScrollRegion>
      )}
    </details>
  )
}

const SIGNS = { insert: '+', delete: '−', normal: ' ' } as const
const BACKGROUNDS = { insert: 'bg-added', delete: 'bg-removed', normal: '' } as const

function DiffLine({ line }: { line: Line }) {
  const { change } = line
  if (change === undefined) {
    return (
      <tr className="bg-neutral-soft text-ink-3">
        <td colSpan={3} className="px-3 py-0.5">
          {line.text}
        </td>
      </tr>
    )
  }
  return (
    <tr className={BACKGROUNDS[change.type]}>
      <td className="w-10 min-w-10 pr-2 pl-3 text-right text-ink-3 select-none">
        {lineNumber(change)}
      </td>
      <td className="w-4 text-center text-ink-2 select-none">{SIGNS[change.type]}</td>
      <td className={classNames('pr-3 whitespace-pre', change.type === 'normal' && 'text-ink-2')}>
        {line.text === '' ? ' ' : line.text}
      </td>
    </tr>
  )
}

const FILE_TYPES: Record<File['type'], string> = {
  add: 'new file',
  delete: 'deleted',
  modify: 'changed',
  rename: 'renamed',
  copy: 'copied',
}

function fileName(file: File): string {
  return file.newPath === '/dev/null' ? file.oldPath : file.newPath
}

function lineNumber(change: Change): number {
  return change.type === 'normal' ? change.newLineNumber : change.lineNumber
}

function linesOf(file: File): Line[] {
  return file.hunks.flatMap((hunk, at): Line[] => [
    { key: `h${at}`, change: undefined, text: hunk.content },
    ...hunk.changes.map((change, index) => ({
      key: `${at}:${index}`,
      change,
      text: change.content,
    })),
  ])
}
