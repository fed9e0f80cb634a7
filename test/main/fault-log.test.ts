import { Writable } from 'node:stream'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { faultLog } from '../../src/main/fault-log.ts'

function aLog() {
  const lines: { msg: string; unsaid?: number }[] = []
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()) as { msg: string })
      done()
    },
  })
  let time = 0
  const fault = faultLog(pino(stream), () => time)
  return {
    lines,
    fault,
    pass(ms: number) {
      time += ms
    },
  }
}

test('one cause is logged once a second, with the number of times it was left out', () => {
  const { lines, fault, pass } = aLog()
  for (let port = 1_000; port < 3_000; port += 1) {
    fault(new Error(`connect ECONNREFUSED 127.0.0.1:${port}`), 'redis connection failed')
  }
  expect(lines).toHaveLength(1)
  pass(1_000)
  fault(new Error('connect ECONNREFUSED 127.0.0.1:1'), 'redis connection failed')
  expect(lines).toHaveLength(2)
  expect(lines[1]?.unsaid).toBe(1_999)
})

test('another cause is logged immediately', () => {
  const { lines, fault } = aLog()
  fault(new Error('connect ECONNREFUSED'), 'redis connection failed')
  fault(new Error('connect ECONNREFUSED'), 'upkeep failed')
  fault(new Error('OOM command not allowed'), 'upkeep failed')
  expect(lines.map(({ msg }) => msg)).toEqual([
    ...['redis connection failed', 'upkeep failed', 'upkeep failed'],
  ])
})
