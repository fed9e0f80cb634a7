import { Agent } from 'node:http'
import { startRedisCluster } from '../test/support/redis-cluster.ts'
import { startService } from '../test/support/service.ts'
import { runPlan } from './contenders.ts'
import { cpuMsOf, cpuMsOfRedis, machine, median, table } from './figures.ts'

// How many small plans per second a deployment takes as it grows: from one API process to two, and
// from one Redis master to three. The CPU time of a plan, by kind of process, tells what bounds it:
// a process that computes all the time has reached its limit, and so has the machine when the sum
// reaches its cores.
// `node bench/growth.ts [rounds]`

const rounds = Number(process.argv[2] ?? 5)
const PLANS = 200
const TASKS = 5
const WORKERS = 2
const DEPLOYMENTS = [
  { apis: 1, masters: 1 },
  { apis: 2, masters: 1 },
  { apis: 1, masters: 3 },
  { apis: 2, masters: 3 },
]

interface Deployment {
  label: string
  /** Resolves with the time that the plans took, in milliseconds. */
  round(): Promise<number>
  /** CPU times so far, in milliseconds: of the API processes, the workers and the masters. */
  cpuMs(): Promise<number[]>
  stop(): Promise<void>
}

async function deploy({ apis, masters }: (typeof DEPLOYMENTS)[number]): Promise<Deployment> {
  const cluster = await startRedisCluster({ masters, nodeTimeoutMs: 30_000 })
  const service = await startService({
    redisUrl: cluster.url,
    prefix: 'bench-growth',
    workers: WORKERS,
    env: { TUTTI_CONCURRENCY: '500', LOG_LEVEL: 'warn' },
  })
  const others = await Promise.all(Array.from({ length: apis - 1 }, () => service.addApi()))
  const urls = [service.url, ...others.map(({ url }) => url)]
  const agent = new Agent({ keepAlive: true, maxSockets: 1_000 })
  return {
    label: `${apis} API, ${masters} master${masters > 1 ? 's' : ''}`,
    async round() {
      const start = performance.now()
      await Promise.all(
        Array.from({ length: PLANS }, (_, index) =>
          runPlan(agent, urls[index % urls.length] ?? service.url, { tasks: TASKS, delayMs: 0 }),
        ),
      )
      return performance.now() - start
    },
    async cpuMs() {
      const infos = await Promise.all(cluster.masters.map(({ redis }) => redis.info('cpu')))
      return [
        cpuMsOf([service.api, ...others].map(({ pid }) => pid)),
        cpuMsOf(service.workers.map(({ pid }) => pid)),
        infos.reduce((sum, info) => sum + cpuMsOfRedis(info), 0),
      ]
    },
    async stop() {
      agent.destroy()
      await service.stop()
      await cluster.stop()
    },
  }
}

const rows: string[][] = []
const deployments: Deployment[] = []
try {
  for (const each of DEPLOYMENTS) deployments.push(await deploy(each))
  const times = deployments.map(() => [] as number[])
  const spent = deployments.map(() => [0, 0, 0])
  // The first two rounds only warm up the compilers.
  for (let round = -2; round < rounds; round += 1) {
    for (const [index, deployment] of deployments.entries()) {
      const before = await deployment.cpuMs()
      const ms = await deployment.round()
      const after = await deployment.cpuMs()
      if (round < 0) continue
      times[index]?.push(ms)
      spent[index] = after.map((at, kind) => at - (before[kind] ?? 0) + (spent[index]?.[kind] ?? 0))
    }
  }
  const perSecond = times.map((each) => (PLANS / median(each)) * 1_000)
  for (const [index, { label }] of deployments.entries()) {
    const cpu = (spent[index] ?? []).map((ms) => ms / (rounds * PLANS))
    rows.push([
      label,
      (perSecond[index] ?? 0).toFixed(0),
      ((perSecond[index] ?? 0) / (perSecond[0] ?? 1)).toFixed(2),
      ...cpu.map((ms) => ms.toFixed(2)),
      (cpu.reduce((sum, ms) => sum + ms, 0) * ((perSecond[index] ?? 0) / 1_000)).toFixed(2),
    ])
  }
  process.stdout.write(`${machine()}\n\n`)
  const cpu = ['API ms a plan', 'workers ms a plan', 'Redis ms a plan', 'cores in use']
  process.stdout.write(table(['deployment', 'plans/s', 'growth', ...cpu], rows))
} finally {
  for (const deployment of deployments) await deployment.stop()
}
