import { expect, test } from 'vitest'
import { summaryBeside } from '../../dashboard/src/synthesis/summary-beside.ts'

const NOTE = 'The model failed, so this is the deterministic merge.'
const MERGED = `> ${NOTE}

**2 findings from 2 tasks.**

## Top risks

1. Tokens never expire

## What to do first

1. Store an expiry

## Coverage

All 2 tasks succeeded; nothing is missing.`

test('what the page says beside a merged summary is not said twice', () => {
  expect(summaryBeside({ executor: 'merge', notes: [NOTE, 'Another.'], summary: MERGED })).toBe(
    '**2 findings from 2 tasks.**',
  )
})

test('a quotation that is not a note stays, and so does everything that a model wrote', () => {
  const summary = '> Quoted.\n\nText.'
  expect(summaryBeside({ executor: 'merge', notes: [], summary })).toBe(summary)
  expect(summaryBeside({ executor: 'model', notes: [NOTE], summary: MERGED })).toBe(MERGED)
})
