import { startRedisServer } from '../test/support/redis-server.ts'
import { type Contender, rawBullmq, tutti, type Work } from './contenders.ts'
import { machine, median, table } from './figures.ts'

// How long a batch takes from its submission to its final result, beside raw BullMQ doing the same
// work on the same Redis, in turn, in the same run. `node bench/makespan.ts [rounds]`.

const rounds = Number(process.argv[2] ?? 5)
const SIZES: (Work & { label: string; plans?: number })[] = [
  { label: '5 no-op tasks', tasks: 5, delayMs: 0 },
  { label: '100 no-op tasks', tasks: 100, delayMs: 0 },
  { label: '1,000 no-op tasks', tasks: 1_000, delayMs: 0 },
  { label: '10,000 no-op tasks', tasks: 10_000, delayMs: 0 },
  { label: '5 tasks of 1 s', tasks: 5, delayMs: 1_000 },
  { label: '100 tasks of 1 s', tasks: 100, delayMs: 1_000 },
  { label: '1,000 tasks of 1 s', tasks: 1_000, delayMs: 1_000 },
  { label: '200 plans of 5 no-op tasks at once', tasks: 5, delayMs: 0, plans: 200 },
]
/** Short runs are repeated more often: they are the noisy ones. */
const repeats = (size: (typeof SIZES)[number]) =>
  size.delayMs === 0 && size.tasks <= 100 && size.plans === undefined ? rounds * 5 : rounds

const redis = await startRedisServer()
// Each at what serves it best: raw BullMQ is slower on short jobs with many at once.
const contenders: Record<'short' | 'long', [Contender, Contender]> = {
  short: [
    await tutti(redis.url, { concurrency: 1_000 }),
    await rawBullmq(redis.url, { instances: 1, concurrency: 50 }),
  ],
  long: [
    await tutti(redis.url, { concurrency: 1_000 }),
    await rawBullmq(redis.url, { instances: 10, concurrency: 100 }),
  ],
}
try {
  const rows: string[][] = []
  for (const size of SIZES) {
    const [ours, raw] = contenders[size.delayMs > 0 ? 'long' : 'short']
    const figures = { ours: [] as number[], raw: [] as number[] }
    const acks = { ours: [] as number[], raw: [] as number[] }
    const one = async (contender: Contender) => {
      const start = performance.now()
      const runs = await Promise.all(
        Array.from({ length: size.plans ?? 1 }, () => contender.run(size)),
      )
      return { doneMs: performance.now() - start, ackMs: median(runs.map((run) => run.ackMs)) }
    }
    // Once for the compilers, not counted.
    for (const contender of [ours, raw]) await one(contender)
    for (let round = 0; round < repeats(size); round += 1) {
      const first = await one(ours)
      const second = await one(raw)
      figures.ours.push(first.doneMs)
      figures.raw.push(second.doneMs)
      acks.ours.push(first.ackMs)
      acks.raw.push(second.ackMs)
    }
    const [a, b] = [median(figures.ours), median(figures.raw)]
    const [c, d] = [median(acks.ours), median(acks.raw)]
    rows.push([
      size.label,
      a.toFixed(1),
      b.toFixed(1),
      (a / b).toFixed(2),
      c.toFixed(1),
      d.toFixed(1),
      (c / d).toFixed(2),
    ])
    process.stderr.write(`${rows.at(-1)?.join('  ')}\n`)
  }
  process.stdout.write(`${machine()}\n\n`)
  process.stdout.write(
    table(['work', 'Tutti ms', 'raw ms', 'ratio', 'Tutti ack ms', 'raw ack ms', 'ratio'], rows),
  )
} finally {
  for (const pair of Object.values(contenders))
    for (const contender of pair) await contender.close()
  await redis.stop()
}
