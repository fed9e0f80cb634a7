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
