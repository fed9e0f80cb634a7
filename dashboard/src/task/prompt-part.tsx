import type { TaskDetail } from '../api/types.ts'
import { formatCount } from '../format/number.ts'
import { CopyButton } from '../ui/text/copy-button.tsx'

/** Exactly what is sent, starting with the shared context. */
export function PromptPart({ task }: { task: TaskDetail }) {
  const files = task.files === undefined ? undefined : describeFiles(task.files)
  return (
    <div className="pt-5">
      {files !== undefined && (
        <dl className="mb-4 space-y-1 text-sm">
          {files.map(([label, globs]) => (
            <div key={label} className="flex gap-2">
              <dt className="w-14 shrink-0 text-ink-3">{label}</dt>
              <dd className="min-w-0 font-mono text-xs leading-5 break-all">{globs.join(', ')}</dd>
            </div>
          ))}
        </dl>
      )}
      <div className="-mt-2 mb-2 flex items-center justify-end gap-1 text-xs text-ink-3">
        <span className="tabular mr-1">{formatCount(task.prompt.length)} characters</span>
        <CopyButton text={task.prompt} label="Copy the prompt" />
      </div>
      <pre className="plain-text">{task.prompt}</pre>
    </div>
  )
}

function describeFiles(files: NonNullable<TaskDetail['files']>): [string, string[]][] {
  if (Array.isArray(files)) return [['Reads', files]]
  const listed: [string, string[] | undefined][] = [
    ['Reads', files.read],
    ['Writes', files.write],
  ]
  return listed.filter((entry): entry is [string, string[]] => (entry[1]?.length ?? 0) > 0)
}
