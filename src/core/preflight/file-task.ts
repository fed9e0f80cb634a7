import type { TaskFiles } from '../contract/task-spec.ts'
import type { OrderedTask } from './task-order.ts'

/** Compiles a glob into a test for paths. Throws on a glob it cannot read. */
export type Match = (glob: string) => (path: string) => boolean

export interface FileTask extends OrderedTask {
  files?: TaskFiles | undefined
}
