import { Switch } from '../ui/switch.tsx'
import { withField } from './draft.ts'
import { JsonField } from './json-field.tsx'
import { NumberField } from './number-field.tsx'

interface OptionsFieldsProps {
  /** The executor's own JSON Schema of its options. */
  schema: Record<string, unknown> | undefined
  value: Record<string, unknown> | undefined
  error: string | undefined
  onChange: (value: Record<string, unknown> | undefined) => void
}

/** Numbers and switches get a field each; an executor with other options gets JSON. */
export function OptionsFields({ schema, value, error, onChange }: OptionsFieldsProps) {
  const properties = Object.entries((schema?.['properties'] ?? {}) as Record<string, unknown>)
  if (schema !== undefined && properties.length === 0) return null
  const simple = properties.map(([name, property]) => ({ name, type: typeOf(property) }))
  if (schema === undefined || simple.some(({ type }) => type === undefined)) {
    return (
      <JsonField
        label="Options"
        error={error}
        value={value}
        onChange={(next) => onChange(next as Record<string, unknown> | undefined)}
      />
    )
  }
  const set = (name: string, next: unknown) => {
    const changed = withField(value ?? {}, name, next)
    onChange(Object.keys(changed).length === 0 ? undefined : changed)
  }
  return (
    <fieldset>
      <legend className="mb-1.5 text-[0.8125rem] font-medium text-ink-2">Options</legend>
      <div className="grid grid-cols-2 items-end gap-x-4 gap-y-3 sm:grid-cols-3">
        {simple.map(({ name, type }) =>
          type === 'boolean' ? (
            <Switch
              key={name}
              label={name}
              checked={value?.[name] === true}
              onChange={(checked) => set(name, checked ? true : undefined)}
            />
          ) : (
            <NumberField
              key={name}
              label={name}
              value={typeof value?.[name] === 'number' ? value[name] : undefined}
              onChange={(next) => set(name, next)}
            />
          ),
        )}
      </div>
      {error !== undefined && <p className="mt-1 text-xs text-failed">{error}</p>}
    </fieldset>
  )
}

function typeOf(property: unknown): 'number' | 'boolean' | undefined {
  const { type } = property as { type?: unknown }
  if (type === 'integer' || type === 'number') return 'number'
  return type === 'boolean' ? 'boolean' : undefined
}
