import { SelectField, TextField } from '../ui/field.tsx'
import { CodeWords } from '../ui/text/code-words.tsx'
import { withField } from './draft.ts'
import { JsonField } from './json-field.tsx'
import { NumberField } from './number-field.tsx'

interface OptionsFieldsProps {
  /** The executor's JSON Schema for its options. */
  schema: Record<string, unknown> | undefined
  value: Record<string, unknown> | undefined
  error: string | undefined
  onChange: (value: Record<string, unknown> | undefined) => void
}

/** The kind of an option, if a field can be made for it. */
type Kind =
  | { kind: 'number' | 'boolean' | 'text' | 'texts' }
  | { kind: 'choice'; choices: readonly string[] }

interface Property {
  name: string
  kind: Kind
  required: boolean
  description: string | undefined
  default: unknown
}

/**
 * A field for each option of an executor; JSON if its schema contains something that no field can
 * represent.
 */
export function OptionsFields({ schema, value, error, onChange }: OptionsFieldsProps) {
  const properties = readProperties(schema)
  if (properties?.length === 0) return null
  if (properties === undefined) {
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
    <fieldset className="rounded-lg border border-line px-4 pt-2 pb-4">
      <legend className="-ml-1 px-1 text-[0.8125rem] font-medium text-ink-2">Options</legend>
      <div className="grid gap-x-4 gap-y-3 sm:grid-cols-2">
        {properties.map((property) => (
          <OptionField
            key={property.name}
            property={property}
            value={value?.[property.name]}
            onChange={(next) => set(property.name, next)}
          />
        ))}
      </div>
      {error !== undefined && <p className="mt-2 text-xs text-failed">{error}</p>}
    </fieldset>
  )
}

interface OptionFieldProps {
  property: Property
  value: unknown
  onChange: (value: unknown) => void
}

function OptionField({ property, value, onChange }: OptionFieldProps) {
  const { name, kind, description } = property
  const common = {
    label: name,
    ...(description === undefined ? {} : { hint: <CodeWords text={description} /> }),
  }
  const placeholder = property.default === undefined ? {} : { placeholder: `${property.default}` }
  switch (kind.kind) {
    case 'number':
      return (
        <NumberField
          {...common}
          {...placeholder}
          value={typeof value === 'number' ? value : undefined}
          onChange={onChange}
        />
      )
    case 'text':
      return (
        <TextField
          {...common}
          {...placeholder}
          value={typeof value === 'string' ? value : ''}
          onChange={(text) => onChange(text === '' ? undefined : text)}
        />
      )
    case 'texts':
      return (
        <TextField
          {...common}
          mono
          placeholder="separated by spaces"
          value={Array.isArray(value) ? value.join(' ') : ''}
          onChange={(text) => onChange(text === '' ? undefined : text.split(' '))}
        />
      )
    case 'boolean':
      return (
        <SelectField
          {...common}
          value={value === undefined ? '' : `${value}`}
          onChange={(text) => onChange(text === '' ? undefined : text === 'true')}
          options={[
            leftOut(property),
            { value: 'true', label: 'Yes' },
            { value: 'false', label: 'No' },
          ]}
        />
      )
    case 'choice':
      return (
        <SelectField
          {...common}
          value={typeof value === 'string' ? value : ''}
          onChange={(text) => onChange(text === '' ? undefined : text)}
          options={[
            leftOut(property),
            ...kind.choices.map((choice) => ({ value: choice, label: choice })),
          ]}
        />
      )
  }
}

function leftOut({ required, default: preset }: Property): { value: string; label: string } {
  if (required) return { value: '', label: 'Choose one' }
  return { value: '', label: preset === undefined ? 'Left out' : `Left out (${preset})` }
}

/** `undefined` if the schema is unknown, or a property is too complex for a field. */
function readProperties(schema: Record<string, unknown> | undefined): Property[] | undefined {
  if (schema === undefined) return undefined
  const required = Array.isArray(schema['required']) ? schema['required'] : []
  const properties: Property[] = []
  for (const [name, property] of Object.entries((schema['properties'] ?? {}) as object)) {
    const kind = kindOf(property)
    if (kind === undefined) return undefined
    const { description, default: preset } = property as { description?: string; default?: unknown }
    properties.push({ name, kind, required: required.includes(name), description, default: preset })
  }
  return properties
}

function kindOf(property: unknown): Kind | undefined {
  const { type, enum: choices, items } = property as Record<string, unknown>
  if (Array.isArray(choices)) {
    return choices.every((choice) => typeof choice === 'string')
      ? { kind: 'choice', choices }
      : undefined
  }
  switch (type) {
    case 'integer':
    case 'number':
      return { kind: 'number' }
    case 'boolean':
      return { kind: 'boolean' }
    case 'string':
      return { kind: 'text' }
    case 'array':
      return (items as { type?: unknown } | undefined)?.type === 'string'
        ? { kind: 'texts' }
        : undefined
    default:
      return undefined
  }
}
