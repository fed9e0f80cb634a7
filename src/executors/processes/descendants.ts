import { readdirSync, readFileSync } from 'node:fs'

/** All processes below one, according to /proc; empty without /proc. */
export function descendantsOf(root: number): number[] {
  const found: number[] = []
  const open = [root]
  for (let pid = open.pop(); pid !== undefined; pid = open.pop()) {
    try {
      for (const thread of readdirSync(`/proc/${pid}/task`)) {
        const list = readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1').trim()
        const children = list === '' ? [] : list.split(' ').map(Number)
        found.push(...children)
        open.push(...children)
      }
    } catch {
      // It has ended in the meantime.
    }
  }
  return found
}
