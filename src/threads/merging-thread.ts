import { parentPort } from 'node:worker_threads'
import { MERGING } from '../core/merge/merge-operations.ts'
import type { MergingAnswer, MergingRequest } from './open-merging.ts'

parentPort?.on('message', ({ id, name, args }: MergingRequest) => {
  // The names and their arguments were checked where they were asked for.
  const work = MERGING[name] as (...given: unknown[]) => unknown
  let answer: MergingAnswer
  try {
    answer = { id, value: work(...args) }
  } catch (error) {
    answer = { id, error: error instanceof Error ? error : new Error(String(error)) }
  }
  parentPort?.postMessage(answer)
})
