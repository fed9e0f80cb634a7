import type { ReactNode } from 'react'
import { AreaField, TextField } from '../ui/field.tsx'
import { type Draft, withField } from './draft.ts'
import { useFieldError } from './field-errors.tsx'
import { PolicyForm, SynthesisForm } from './policy-form.tsx'
import { SourceForm } from './source-form.tsx'
import { WorkspaceForm } from './workspace-form.tsx'

interface DraftFormProps {
  draft: Draft
  onChange: (draft: Draft) => void
}

export function DraftForm({ draft, onChange }: DraftFormProps) {
  const title = useFieldError('/title')
  const context = useFieldError('/context')
  const webhook = useFieldError('/webhook')
  return (
    <div className="space-y-10">
      <div className="space-y-4">
        <TextField
          label="Title"
          error={title}
          value={draft.title ?? ''}
          onChange={(value) => onChange(withField(draft, 'title', value))}
        />
        <AreaField
          label="Shared context"
          hint="Sent to every task first, stored once, and cached by providers that support it."
          error={context}
          value={draft.context ?? ''}
          onChange={(value) => onChange(withField(draft, 'context', value))}
        />
      </div>
      <Part title="Tasks">
        <SourceForm draft={draft} onChange={onChange} />
      </Part>
      <Part title="Workspace" note="The files that the tasks work on.">
        <WorkspaceForm
          workspace={draft.workspace}
          onChange={(workspace) => onChange(withField(draft, 'workspace', workspace))}
        />
      </Part>
      <Part title="How it runs">
        <PolicyForm draft={draft} onChange={onChange} />
      </Part>
      <Part title="Synthesis">
        <SynthesisForm draft={draft} onChange={onChange} />
      </Part>
      <Part title="Webhook" note="Called when the plan has finished.">
        <TextField
          label="URL"
          type="url"
          mono
          placeholder="https://…"
          error={webhook}
          value={draft.webhook?.url ?? ''}
          onChange={(url) =>
            onChange(
              withField(draft, 'webhook', url === '' ? undefined : { ...draft.webhook, url }),
            )
          }
        />
      </Part>
    </div>
  )
}

function Part(props: { title: string; note?: string; children: ReactNode }) {
  return (
    <section className="border-t border-line pt-5">
      <h2 className="text-base font-semibold">{props.title}</h2>
      {props.note !== undefined && <p className="text-sm text-ink-3">{props.note}</p>}
      <div className="mt-3">{props.children}</div>
    </section>
  )
}
