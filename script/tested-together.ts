/**
 * Writes the table in `docs/tested-together.md`: which features are tested together by the
 * sequences of `test/model`. A test fails when this must run again.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { FEATURES, pairsTried } from '../test/model/features.ts'
import { MIXTURES, type Mixture, PLAYED } from '../test/model/sequences.ts'

const FILE = join(import.meta.dirname, '../docs/tested-together.md')
/** Number of sequences examined per mixture: the first ones. */
const LOOKED_AT = 250
const mixtures = Object.keys(MIXTURES) as Mixture[]
const played = mixtures.reduce((sum, mixture) => sum + PLAYED[mixture].count, 0)

const INTRODUCTION = `# Which features are tried together

Features that work alone break where two of them meet. \`test/model\` plays random sequences of
commands, ends of attempts, time and dying workers on the real service, and compares it with a model
after each step: ${played} sequences in \`script/test\`. Of ${LOOKED_AT * mixtures.length} of them the table says which features they
try together: ● twenty times or more, ○ less often, nothing never. On the diagonal stands how often a
feature was tried at all. The numbers of the columns are those of the rows.
\`script/soak\` plays on for as long as one likes, with real processes too.

Written by \`node script/tested-together.ts\`.
`

export function testedTogether(): string {
  const all = new Map<string, number>()
  for (const mixture of mixtures) {
    const { seed } = PLAYED[mixture]
    for (const [pair, count] of pairsTried(MIXTURES[mixture], LOOKED_AT, seed)) {
      all.set(pair, (all.get(pair) ?? 0) + count)
    }
  }
  const numbers = FEATURES.map((_, at) => at + 1)
  const rows = FEATURES.map((feature, row) => {
    const cells = FEATURES.map((other, column) => {
      const count = all.get(`${feature} × ${other}`) ?? 0
      if (row === column) return `${count}`
      if (count === 0) return ''
      return count >= 20 ? '●' : '○'
    })
    return `| ${row + 1} ${feature} | ${cells.join(' | ')} |`
  })
  const head = `| | ${numbers.join(' | ')} |`
  const line = `| --- | ${numbers.map(() => '---').join(' | ')} |`
  return [INTRODUCTION, head, line, ...rows, ''].join('\n')
}

if (import.meta.main) writeFileSync(FILE, testedTogether())
