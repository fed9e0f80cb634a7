import { useId } from 'react'
import { classNames } from '../ui/class-names.ts'
import { INPUT } from '../ui/field.tsx'

interface JsonEditorProps {
  text: string
  /** Why the text is not JSON. */
  error: string | undefined
  onChange: (text: string) => void
}

export function JsonEditor({ text, error, onChange }: JsonEditorProps) {
  const id = useId()
  return (
    <div>
      <label htmlFor={id} className="mb-1 block text-[0.8125rem] font-medium text-ink-2">
        The body of <code className="font-mono">POST /v1/plans</code>
      </label>
      <textarea
        id={id}
        value={text}
        spellCheck={false}
        aria-invalid={error === undefined ? undefined : true}
        aria-describedby={`${id}-note`}
        onChange={(event) => onChange(event.target.value)}
        className={classNames(
          INPUT,
          'min-h-[32rem] w-full resize-y py-3 font-mono text-[0.8125rem] leading-5 whitespace-pre [tab-size:2]',
        )}
      />
      <p
        id={`${id}-note`}
        role="status"
        className={classNames('mt-1 text-xs', error === undefined ? 'text-ink-3' : 'text-failed')}
      >
        {error ?? 'Valid JSON. Fields that the form does not show are kept.'}
      </p>
    </div>
  )
}
