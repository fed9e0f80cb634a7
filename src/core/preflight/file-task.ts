import type { TaskFiles } from '../contract/task-spec.ts'
import type { OrderedTask } from './task-order.ts'

export interface FileTask extends OrderedTask {
  files?: TaskFiles | undefined
}
