import type { Cluster, Redis } from 'ioredis'
import type { Unit } from '../core/ports/queue.ts'
import type { Lane } from '../core/ports/records.ts'
import type { PartPlace } from '../core/ports/synthesis-parts.ts'

/**
 * One queue per lane, so that a plan of heavy tasks does not block light ones, and the many parts
 * of a large synthesis do not block small ones.
 */
export const QUEUES = {
  io: 'tasks',
  bulk: 'bulk',
  cpu: 'heavy',
  synthesis: 'syntheses',
  parts: 'parts',
} as const
export type QueueKind = keyof typeof QUEUES

/** A connection to one server or to a Cluster. */
export type Connection = Redis | Cluster

/** Where the queues of a plan are: in the same hash slot as the plan itself. */
export interface Shards {
  count: number
  prefixOf(shard: number): string
  shardOf(planId: string): number
}

export function unitJobId(planId: string, unit: number): string {
  return `${planId}-${unit}`
}

/** The unit that a job id stands for. */
export function unitOfJob(
  jobId: string,
  lane: Lane,
): { planId: string; unit: number; lane: Lane } | undefined {
  const [, planId, unit] = /^([^-]+)-(\d+)$/.exec(jobId) ?? []
  return planId === undefined ? undefined : { planId, unit: Number(unit), lane }
}

export function partJobId(synthesisJobId: string, { level, index }: PartPlace): string {
  return `${synthesisJobId}-${level}-${index}`
}

export function queueOfLane(lane: Lane): string {
  return QUEUES[lane]
}

/** Far longer than any plan lives: a held job waits for its release, not for a time. */
export const HELD_DELAY_MS = 5 * 365 * 24 * 3_600_000

const MOST = 2 ** 21 - 1
const FIRST_ROUND = 200_000

/**
 * BullMQ's priority of a unit, 1 (first) to 2^21 - 1. Start-time fair queueing: a plan starts at
 * the round that the queue has reached, and each of its units is one round later. So plans take
 * turns: small ones do not wait for large ones, and large ones are not starved by many small ones.
 * A task priority of 1 is worth a thousand rounds. P. Goyal, H. Vin, H. Cheng, "Start-time Fair
 * Queueing", SIGCOMM 1996.
 */
export function fairPriority(unit: Pick<Unit, 'round' | 'priority'>): number {
  return Math.max(1, Math.min(MOST, FIRST_ROUND + unit.round - unit.priority * 1_000))
}
