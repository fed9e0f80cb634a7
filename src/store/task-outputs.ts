import { ServiceError } from '../core/contract/errors.ts'
import type { TaskOutput } from '../core/ports/executor.ts'
import type { TaskStore } from '../core/ports/task-life.ts'
import { type KeySpace, planKey } from './keys.ts'
import { PAGE_BYTES } from './paged-value.ts'
import type { RedisClient } from './redis/connect-redis.ts'
import { repliesOf } from './redis/replies-of.ts'
import { whileAvailable } from './redis/while-available.ts'

/** An output whose pages after the first are in a hash of their own. */
interface Paged {
  id: string
  count: number
}

interface FirstPage {
  first: Buffer | undefined
  paged: Paged | undefined
}

type Read = Pick<TaskStore, 'outputs' | 'storedOutput' | 'outputSizes'>

/** Where the pages of an output are, except the first. */
export function outputPagesKey(space: KeySpace, planId: string, id: string): string {
  return `${planKey(space, planId)}:outputs:${id}`
}

/** Reads outputs, the long ones page by page, so that no reply holds up others. */
export function redisTaskOutputs({ redis, space }: { redis: RedisClient; space: KeySpace }): Read {
  const outputsKey = (planId: string) => `${planKey(space, planId)}:outputs`
  const pagedKey = (planId: string) => `${planKey(space, planId)}:paged`

  /** First pages, and what follows them; in one transaction, because both must be of one attempt. */
  async function firstPages(planId: string, taskIds: readonly string[]): Promise<FirstPage[]> {
    const transaction = redis.multi()
    transaction.hmgetBuffer(outputsKey(planId), ...taskIds)
    transaction.hmget(pagedKey(planId), ...taskIds)
    const [first, paged] = repliesOf(await transaction.exec()) as [
      (Buffer | null)[],
      (string | null)[],
    ]
    return taskIds.map((_, at) => ({ first: first[at] ?? undefined, paged: pagedOf(paged[at]) }))
  }

  async function page(planId: string, id: string, number: number): Promise<Buffer | undefined> {
    const found = await redis.hgetBuffer(outputPagesKey(space, planId, id), `${number}`)
    return found ?? undefined
  }

  /** The whole; undefined if it has been replaced or removed meanwhile. */
  async function whole(
    planId: string,
    first: Buffer,
    paged: Paged | undefined,
  ): Promise<TaskOutput | undefined> {
    const pages = [first]
    for (let number = 2; number <= (paged?.count ?? 0) + 1; number += 1) {
      const next = await page(planId, paged?.id ?? '', number)
      if (next === undefined) return undefined
      pages.push(next)
    }
    const bytes = pages.length === 1 ? first : Buffer.concat(pages)
    return JSON.parse(bytes.toString()) as TaskOutput
  }

  async function outputOf(
    planId: string,
    taskId: string,
    stored: FirstPage | undefined,
  ): Promise<TaskOutput | undefined> {
    if (stored?.first === undefined) return undefined
    const output = await whole(planId, stored.first, stored.paged)
    return output ?? outputOf(planId, taskId, (await firstPages(planId, [taskId]))[0])
  }

  async function* pieces(
    planId: string,
    first: Buffer,
    paged: Paged | undefined,
  ): AsyncGenerator<Buffer> {
    yield first
    for (let number = 2; number <= (paged?.count ?? 0) + 1; number += 1) {
      const next = await whileAvailable(() => page(planId, paged?.id ?? '', number))
      if (next === undefined) {
        throw new ServiceError('task-not-found', 'The task was retried, or its plan deleted.')
      }
      yield next
    }
  }

  return {
    outputs: (planId, taskIds) =>
      whileAvailable(async () => {
        if (taskIds.length === 0) return []
        const outputs: (TaskOutput | undefined)[] = []
        const found = await firstPages(planId, taskIds)
        // One at a time: they may be large.
        for (const [index, taskId] of taskIds.entries()) {
          outputs.push(await outputOf(planId, taskId, found[index]))
        }
        return outputs
      }),
    storedOutput: (planId, taskId) =>
      whileAvailable(async () => {
        const [found] = await firstPages(planId, [taskId])
        return found?.first && pieces(planId, found.first, found.paged)
      }),
    outputSizes: (planId, taskIds) =>
      whileAvailable(async () => {
        if (taskIds.length === 0) return []
        const pipeline = redis.pipeline()
        for (const taskId of taskIds) pipeline.hstrlen(outputsKey(planId), taskId)
        pipeline.hmget(pagedKey(planId), ...taskIds)
        const replies = repliesOf(await pipeline.exec())
        const paged = replies.at(-1) as (string | null)[]
        return taskIds.map(
          (_, at) => Number(replies[at]) + (pagedOf(paged[at])?.count ?? 0) * PAGE_BYTES,
        )
      }),
  }
}

function pagedOf(stored: string | null | undefined): Paged | undefined {
  const [id = '', count] = stored?.split(' ') ?? []
  return count === undefined ? undefined : { id, count: Number(count) }
}
