import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { extractFindings } from '../../../src/core/findings/extract-findings.ts'
import { formatPlace, placeOf } from '../../../src/core/findings/places.ts'

const [, ...reports] = readFileSync(`${import.meta.dirname}/report-shapes.txt`, 'utf8').split(
  /^=== /m,
)

test.each(
  reports.map((report) => {
    const [name = '', ...lines] = report.split('\n')
    const [text = '', found = ''] = lines.join('\n').split(/^=>/m)
    return { name, text, found: found.trim() }
  }),
)('findings are read from a report in this shape: $name', ({ text, found }) => {
  const read = extractFindings(text).map((finding) => {
    const place = formatPlace(placeOf(finding))
    return `${finding.severity} | ${finding.title} | ${place}`.trim()
  })
  expect(read.length === 0 ? 'nothing' : read.join('\n')).toBe(found.replaceAll(/ +$/gm, ''))
})
