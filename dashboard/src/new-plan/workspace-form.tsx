import { X } from 'lucide-react'
import { formatBytes } from '../format/number.ts'
import { buttonClass, IconButton } from '../ui/button.tsx'
import { classNames } from '../ui/class-names.ts'
import { TextField } from '../ui/field.tsx'
import { SegmentedControl } from '../ui/segmented-control.tsx'
import { type Draft, withField } from './draft.ts'
import { useFieldError } from './field-errors.tsx'

type Kind = 'none' | 'path' | 'git' | 'files'

const KINDS: readonly { value: Kind; label: string }[] = [
  { value: 'none', label: 'None' },
  { value: 'path', label: 'Folder' },
  { value: 'git', label: 'Git repository' },
  { value: 'files', label: 'Files' },
]

interface WorkspaceFormProps {
  workspace: Draft['workspace']
  onChange: (workspace: Draft['workspace']) => void
}

export function WorkspaceForm({ workspace, onChange }: WorkspaceFormProps) {
  const kind = kindOf(workspace)
  const error = {
    path: useFieldError('/workspace/path'),
    url: useFieldError('/workspace/git/url'),
    ref: useFieldError('/workspace/git/ref'),
    credential: useFieldError('/workspace/git/credential'),
    whole: useFieldError('/workspace'),
  }
  return (
    <div className="space-y-4">
      <SegmentedControl
        label="Workspace"
        value={kind}
        onChange={(next) => onChange(EMPTY[next])}
        options={KINDS}
      />
      {kind === 'none' && error.whole !== undefined && (
        <p className="text-sm text-failed">{error.whole}</p>
      )}
      {kind === 'path' && (
        <TextField
          label="Folder"
          hint="Inside a folder that the operator allowed (TUTTI_WORKSPACE_ROOTS)."
          mono
          error={error.path ?? error.whole}
          value={workspace?.path ?? ''}
          onChange={(path) => onChange({ path })}
        />
      )}
      {kind === 'git' && (
        <div className="grid gap-4 sm:grid-cols-[2fr_1fr_1fr]">
          <TextField
            label="URL"
            mono
            placeholder="https://…"
            error={error.url ?? error.whole}
            value={workspace?.git?.url ?? ''}
            onChange={(url) => onChange({ git: { ...workspace?.git, url } })}
          />
          <TextField
            label="Branch, tag or commit"
            mono
            error={error.ref}
            value={workspace?.git?.ref ?? ''}
            onChange={(ref) => onChange({ git: withField(workspace?.git ?? {}, 'ref', ref) })}
          />
          <TextField
            label="Credential"
            mono
            placeholder="its name"
            error={error.credential}
            value={workspace?.git?.credential ?? ''}
            onChange={(name) =>
              onChange({ git: withField(workspace?.git ?? {}, 'credential', name) })
            }
          />
        </div>
      )}
      {kind === 'files' && (
        <FilesPicker
          files={workspace?.files ?? {}}
          error={error.whole}
          onChange={(files) => onChange({ files })}
        />
      )}
    </div>
  )
}

const EMPTY: Record<Kind, Draft['workspace']> = {
  none: undefined,
  path: { path: '' },
  git: { git: { url: '' } },
  files: { files: {} },
}

function kindOf(workspace: Draft['workspace']): Kind {
  if (workspace === undefined) return 'none'
  if (workspace.git !== undefined) return 'git'
  return workspace.files !== undefined ? 'files' : 'path'
}

interface FilesPickerProps {
  files: Record<string, string>
  error: string | undefined
  onChange: (files: Record<string, string>) => void
}

function FilesPicker({ files, error, onChange }: FilesPickerProps) {
  async function add(chosen: FileList | null) {
    const read = await Promise.all(
      [...(chosen ?? [])].map(
        async (file) => [file.webkitRelativePath || file.name, await file.text()] as const,
      ),
    )
    onChange({ ...files, ...Object.fromEntries(read) })
  }
  return (
    <div>
      <label
        className={classNames(
          buttonClass(),
          'focus-within:outline-2 focus-within:outline-offset-2 focus-within:outline-running',
        )}
      >
        Choose files
        <input
          type="file"
          multiple
          className="sr-only"
          onChange={(event) => void add(event.target.files)}
        />
      </label>
      <p className={classNames('mt-1 text-xs', error === undefined ? 'text-ink-3' : 'text-failed')}>
        {error ?? 'Text files, sent along with the plan.'}
      </p>
      <ul className="mt-2 divide-y divide-line">
        {Object.entries(files).map(([name, content]) => (
          <li key={name} className="flex items-center gap-3 py-0.5">
            <span className="min-w-0 flex-1 truncate font-mono text-[0.8125rem]">{name}</span>
            <span className="tabular text-xs text-ink-3">{formatBytes(content.length)}</span>
            <IconButton
              label={`Remove ${name}`}
              onClick={() => onChange(withField(files, name, undefined))}
            >
              <X className="size-4" aria-hidden />
            </IconButton>
          </li>
        ))}
      </ul>
    </div>
  )
}
