import type { OutputTask } from '../api/types.ts'
import { plural } from '../format/number.ts'
import { Diff } from '../ui/text/diff.tsx'

export function EditsPart({ edits }: { edits: NonNullable<OutputTask['edits']> }) {
  return (
    <div className="pt-5">
      <p className="mb-3 text-sm text-ink-2">
        {plural(edits.files.length, 'file')} changed
        {edits.base !== '' && (
          <>
            {' since '}
            <code className="font-mono text-xs">{edits.base.slice(0, 12)}</code>
          </>
        )}
      </p>
      <Diff patch={edits.patch} />
    </div>
  )
}
