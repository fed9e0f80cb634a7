import type { Line } from './blocks.ts'
import { fieldOf } from './field-names.ts'
import { severityInValue, severityOf } from './severity-words.ts'

/** Whether the next line is nothing but the severity of this one. */
export function severityNext(lines: readonly Line[], index: number): boolean {
  const field = fieldOf(lines[index + 1]?.text ?? '')
  return (
    field?.kind === 'severity' &&
    severityOf(field.value) !== undefined &&
    fieldOf(lines[index]?.text ?? '') === undefined
  )
}

/** Whether the next few lines name a severity. */
export function severityBelow(lines: readonly Line[], index: number): boolean {
  for (const line of lines.slice(index + 1, index + 6)) {
    if (line.kind === 'heading') return false
    const field = fieldOf(line.text)
    if (field?.kind === 'title') return false
    if (field?.kind === 'severity' && severityInValue(field.value) !== undefined) return true
  }
  return false
}
