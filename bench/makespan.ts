import { startRedisServer } from '../test/support/redis-server.ts'
import { type Contender, chunkedBullmq, floor, rawBullmq, tutti, type Work } from './contenders.ts'
import { machine, median, table } from './figures.ts'

// How long a batch takes from submission to final result, compared with the minimum that Redis must
// do for it and with BullMQ doing the same work: on the same Redis, in turn, in the same run.
// `node bench/makespan.ts [rounds] [words of the rows to run]`

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
type Size = (typeof SIZES)[number]
const chosen = process.argv[3]
const sizes = SIZES.filter(({ label }) => chosen === undefined || label.includes(chosen))
/** Short runs are noisy, so they are repeated more often. */
const repeats = (size: Size) =>
  size.delayMs === 0 && size.tasks <= 100 && size.plans === undefined ? rounds * 5 : rounds

const redis = await startRedisServer()
// Each with its best settings: raw BullMQ is slower on short jobs with high concurrency.
const rawShort = await rawBullmq(redis.url, { instances: 1, concurrency: 50 })
const rawLong = await rawBullmq(redis.url, { instances: 10, concurrency: 100 })
const others = [
  await floor(redis.url),
  await chunkedBullmq(redis.url),
  await tutti(redis.url, { concurrency: 1_000 }),
]

async function once(contender: Contender, size: Size) {
  const start = performance.now()
  const runs = await Promise.all(Array.from({ length: size.plans ?? 1 }, () => contender.run(size)))
  return { doneMs: performance.now() - start, ackMs: median(runs.map((run) => run.ackMs)) }
}

try {
  const rows: string[][] = []
  for (const size of sizes) {
    const [least, chunks, ours] = others as [Contender, Contender, Contender]
    const contenders = [least, chunks, size.delayMs > 0 ? rawLong : rawShort, ours]
    const figures = contenders.map(() => ({ done: [] as number[], ack: [] as number[] }))
    // Once to warm up the compilers, not counted.
    for (const contender of contenders) await once(contender, size)
    for (let round = 0; round < repeats(size); round += 1) {
      for (const [index, contender] of contenders.entries()) {
        const { doneMs, ackMs } = await once(contender, size)
        figures[index]?.done.push(doneMs)
        figures[index]?.ack.push(ackMs)
      }
    }
    const done = figures.map((figure) => median(figure.done))
    const [floorAck = 0, , , ourAck = 0] = figures.map((figure) => median(figure.ack))
    rows.push([
      size.label,
      ...done.map((ms) => ms.toFixed(1)),
      ((done[3] ?? 0) / (done[0] ?? 0)).toFixed(2),
      floorAck.toFixed(1),
      ourAck.toFixed(1),
      (ourAck / floorAck).toFixed(2),
    ])
    process.stderr.write(`${rows.at(-1)?.join('  ')}\n`)
  }
  process.stdout.write(`${machine()}\n\n`)
  const times = ['floor ms', '25 a job ms', 'raw ms', 'Tutti ms', 'Tutti / floor']
  const acks = ['floor ack ms', 'Tutti ack ms', 'Tutti / floor']
  process.stdout.write(table(['work', ...times, ...acks], rows))
} finally {
  for (const contender of [rawShort, rawLong, ...others]) await contender.close()
  await redis.stop()
}
