import { randomUUID } from 'node:crypto'
import type {
  BatchedAnswer,
  BatchesOfPlan,
  ProviderBatch,
  ProviderBatchStore,
  WaitingCall,
} from '../../../core/ports/provider-batches.ts'
import { type BatchCalls, type BatchClient, BatchRefused } from './provider-client.ts'

export interface KeeperOptions {
  store: ProviderBatchStore
  /** `undefined` for a model whose provider has no batches. */
  clientOf: (model: string) => BatchClient | undefined
  onFault: (error: unknown, planId: string) => void
  /** A batch goes out when no call has been added for so long. */
  quietMs?: number
  renewMs?: number
}

const QUIET_MS = 2_000
const RENEW_MS = 5_000
/** Providers allow more, but all bodies of a batch are in memory once. */
const MOST_CALLS = 2_000
const MOST_BYTES = 50_000_000
/** How long a batch that is being cancelled may take to say what it has finished. */
const CANCELLING_MS = 30_000

/** What the one process does that speaks to the provider for a plan. */
export interface BatchKeeper {
  /** Does what is due; true if anything changed, so that it is worth looking again soon. */
  tend(found: BatchesOfPlan): Promise<boolean>
  /** The plan is gone: cancels what is known to be at the provider. */
  abandon(): Promise<void>
}

export function batchKeeper(
  options: KeeperOptions,
  planId: string,
  token: string,
  ending: AbortSignal,
): BatchKeeper {
  const { store, clientOf, onFault, quietMs = QUIET_MS, renewMs = RENEW_MS } = options
  const change = (what: Parameters<ProviderBatchStore['change']>[2]) =>
    store.change(planId, token, what)
  /** Batches that were last seen at the provider. */
  let known: ProviderBatch[] = []

  /** Puts the calls that have waited long enough into batches. */
  async function collect({ waiting, now, isLate }: BatchesOfPlan): Promise<ProviderBatch[]> {
    const made: ProviderBatch[] = []
    for (const calls of groupsOf(waiting)) {
      const [first] = calls
      if (first === undefined) continue
      const taken = calls.map(({ id }) => id)
      if (isLate || clientOf(first.model) === undefined) {
        await change({ taken, answers: without(taken) })
        continue
      }
      const latest = Math.max(...calls.map(({ at }) => at))
      if (now - latest < quietMs && calls.length < MOST_CALLS) continue
      const { model, path, beta } = first
      for (const ids of await portions(taken)) {
        const key = randomUUID()
        const about = { key, model, path, ...(beta === undefined ? {} : { beta }) }
        const batch: ProviderBatch = { ...about, ids, status: 'sending', at: now, batchIds: [] }
        if (await change({ keep: [batch], taken: ids })) made.push(batch)
      }
    }
    return made
  }

  /** Parts that are small enough to be sent at once. */
  async function portions(ids: string[]): Promise<string[][]> {
    const parts: string[][] = []
    let part: string[] = []
    let bytes = 0
    for (const [index, body] of (await store.bodies(planId, ids)).entries()) {
      const size = body?.length ?? 0
      if (part.length === MOST_CALLS || (part.length > 0 && bytes + size > MOST_BYTES)) {
        parts.push(part)
        part = []
        bytes = 0
      }
      part.push(ids[index] ?? '')
      bytes += size
    }
    return part.length === 0 ? parts : [...parts, part]
  }

  /**
   * Sends a batch. What the provider has accepted is found again if its answer was lost, so that it is
   * not sent and paid twice.
   */
  async function send(client: BatchClient, batch: ProviderBatch, isNew: boolean): Promise<void> {
    let { fileId } = batch
    const bodies = await store.bodies(planId, batch.ids)
    const calls = batch.ids.flatMap((id, index) => {
      const body = bodies[index]
      return body === undefined ? [] : [{ id, body }]
    })
    const sent: BatchCalls = { calls, path: batch.path, beta: batch.beta }
    if (fileId === undefined) {
      fileId = await client.upload(sent, ending)
      if (fileId !== undefined && !(await change({ keep: [{ ...batch, fileId }] }))) return
    }
    const mayBe = isNew
      ? []
      : await client.find({ size: calls.length, fileId, since: batch.at }, ending)
    const taken = known.flatMap(({ batchIds }) => batchIds)
    const found = mayBe.filter((id) => !taken.includes(id))
    const batchIds = found.length > 0 ? found : [await client.create(sent, fileId, ending)]
    const accepted: ProviderBatch = { ...batch, fileId, batchIds, status: 'sent' }
    known.push(accepted)
    await change({ keep: [accepted] })
  }

  /** Stores the answers of a batch that has ended. */
  async function take(client: BatchClient, batch: ProviderBatch): Promise<void> {
    const answers = new Map<string, BatchedAnswer>(without(batch.ids))
    for (const batchId of batch.batchIds) {
      for await (const { id, body } of client.results(batchId, ending)) {
        if (answers.has(id)) answers.set(id, { body })
      }
    }
    await change({ remove: [batch], answers })
  }

  async function tendBatch(
    batch: ProviderBatch,
    { now, isLate, dropped }: BatchesOfPlan,
    isNew: boolean,
  ): Promise<boolean> {
    const client = clientOf(batch.model)
    const isUnwanted = batch.ids.every((id) => dropped.has(id))
    const isGone = client === undefined || (isUnwanted && batch.batchIds.length === 0 && isNew)
    if (isGone) return change({ remove: [batch], answers: without(batch.ids) })
    if (batch.status === 'sending') {
      const wasSent = !isNew
      if (isLate || isUnwanted) {
        const found = wasSent
          ? await client.find(
              { size: batch.ids.length, fileId: batch.fileId, since: batch.at },
              ending,
            )
          : []
        await Promise.all(found.map((id) => client.cancel(id, ending)))
        return change({ remove: [batch], answers: without(batch.ids) })
      }
      await send(client, batch, isNew)
      return true
    }
    if (await hasEnded(client, batch)) {
      await take(client, batch)
      return true
    }
    if (batch.status === 'cancelling') {
      if (now - batch.at < CANCELLING_MS) return true
      return change({ remove: [batch], answers: without(batch.ids) })
    }
    if (!isLate && !isUnwanted) return false
    await Promise.all(batch.batchIds.map((id) => client.cancel(id, ending)))
    if (isUnwanted) return change({ remove: [batch], answers: without(batch.ids) })
    return change({ keep: [{ ...batch, status: 'cancelling', at: now }] })
  }

  async function hasEnded(client: BatchClient, { batchIds }: ProviderBatch): Promise<boolean> {
    const ended = await Promise.all(batchIds.map((id) => client.hasEnded(id, ending)))
    return ended.every((each) => each)
  }

  /** A failure of one batch is not one of the others. */
  async function guarded(batch: ProviderBatch, work: () => Promise<boolean>): Promise<boolean> {
    try {
      return await work()
    } catch (error) {
      if (ending.aborted) return false
      onFault(error, planId)
      if (!(error instanceof BatchRefused)) return false
      return change({ remove: [batch], answers: without(batch.ids) })
    }
  }

  return {
    async tend(found) {
      known = [...found.batches]
      // Requests may take longer than the lease.
      const renewal = setInterval(() => {
        store.look(planId, token, { ids: [], deadlineMs: 0 }).catch(() => {})
      }, renewMs)
      try {
        const made = await collect(found)
        let hasChanged = made.length > 0 || found.waiting.length > 0
        for (const batch of found.batches) {
          hasChanged = (await guarded(batch, () => tendBatch(batch, found, false))) || hasChanged
        }
        for (const batch of made) await guarded(batch, () => tendBatch(batch, found, true))
        return hasChanged
      } finally {
        clearInterval(renewal)
      }
    },

    async abandon() {
      for (const { model, batchIds } of known) {
        for (const id of batchIds) {
          await clientOf(model)
            ?.cancel(id, ending)
            .catch((error: unknown) => onFault(error, planId))
        }
      }
      known = []
    },
  }
}

/** Those that can be in one batch. */
function groupsOf(waiting: readonly WaitingCall[]): WaitingCall[][] {
  const groups = Map.groupBy(waiting, ({ model, path, beta }) => `${model} ${path} ${beta ?? ''}`)
  return [...groups.values()]
}

function without(ids: readonly string[]): Map<string, BatchedAnswer> {
  return new Map(ids.map((id) => [id, {}]))
}
