const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 })

export function formatCount(value: number): string {
  return whole.format(value)
}

/** `950`, `12.4K`, `3.1M`. */
export function formatCompact(value: number): string {
  return compact.format(value)
}

/** US dollars, with enough digits that a small cost is not shown as zero. */
export function formatUsd(value: number): string {
  if (value === 0) return '$0'
  if (value < 0.0001) return '<$0.0001'
  if (value < 0.01) return `$${value.toFixed(4)}`
  if (value < 1) return `$${value.toFixed(3)}`
  return `$${value.toFixed(2)}`
}

/** `4.8×`. */
export function formatTimes(value: number): string {
  if (!Number.isFinite(value) || value <= 0) return '–'
  return `${value < 10 ? value.toFixed(1) : whole.format(value)}×`
}

export function formatBytes(value: number): string {
  if (value < 1_024) return `${value} B`
  if (value < 1_024 * 1_024) return `${(value / 1_024).toFixed(1)} KB`
  return `${(value / 1_024 / 1_024).toFixed(1)} MB`
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`
}
