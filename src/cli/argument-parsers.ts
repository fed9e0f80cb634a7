import { InvalidArgumentError } from '@commander-js/extra-typings'

export function countOf(text: string): number {
  const count = Number(text)
  if (!Number.isInteger(count) || count < 1)
    throw new InvalidArgumentError('must be a number from 1')
  return count
}

export function dollarsOf(text: string): number {
  const dollars = Number(text)
  if (!(dollars > 0 && Number.isFinite(dollars))) {
    throw new InvalidArgumentError('must be a number of US dollars above 0')
  }
  return dollars
}

export function addressOf(text: string): string {
  if (!URL.canParse(text) || !/^https?:/.test(text)) {
    throw new InvalidArgumentError('must look like http://host:port')
  }
  return text.replace(/(?<!\/)\/+$/, '')
}

const UNITS = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 }

/** `30m`, `2h`, `7d` or `1w` ago, or a date with or without a time. @returns ISO 8601. */
export function instantOf(text: string): string {
  const ago = /^(?<count>\d{1,6})(?<unit>[mhdw])$/.exec(text)?.groups
  const at =
    ago === undefined
      ? Date.parse(text)
      : Date.now() - Number(ago.count) * UNITS[ago.unit as keyof typeof UNITS]
  if (Number.isNaN(at)) {
    throw new InvalidArgumentError('must be like 30m, 2h, 7d, or like 2026-01-31')
  }
  return new Date(at).toISOString()
}
