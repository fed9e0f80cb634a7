/** Repeats the random tests with new seeds for the given time, and prints every seed. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..')
const MINUTE = 60_000

/** The number of sequences per mixture and of killed processes in each round. */
const ROUND = { SEQUENCES: '1000', KILLS: '30' }

function play(seed: number, ...files: string[]): boolean {
  const env = { ...process.env, ...ROUND, SEED: `${seed}` }
  console.log(`\nSEED=${seed} vitest run ${files.join(' ')}`)
  const { status } = spawnSync('vitest', ['run', ...files], { cwd: ROOT, env, stdio: 'inherit' })
  return status === 0
}

function main([given = '10', first]: string[]): void {
  const minutes = Number(given)
  if (!(minutes > 0)) throw new Error(`script/soak [minutes] [seed]: "${given}" is no time`)
  const end = performance.now() + minutes * MINUTE
  let seed = Number(first ?? Date.now() % 1_000_000)
  let rounds = 0
  do {
    const isRight = play(seed, 'test/model') && play(seed, 'test/service/chaos.test.ts')
    if (!isRight) {
      console.error(`failed with SEED=${seed}, in round ${rounds + 1}`)
      process.exitCode = 1
      return
    }
    rounds += 1
    seed = (seed + 1) % 1_000_000
  } while (performance.now() < end)
  console.log(`\n${rounds} rounds, nothing failed`)
}

main(process.argv.slice(2))
