import { useMemo, useState } from 'react'
import { isEnded } from '../../../src/client/status.ts'
import type { LiveTask } from '../live/plan-model.ts'

export interface Selection {
  /** Whether rows can be chosen one by one. */
  choosing: boolean
  ids: ReadonlySet<string>
  /** Those chosen that have ended, and can run again. */
  ended: string[]
  /** Those chosen that have not. */
  active: string[]
  /** All of them, or none where all are chosen already. */
  toggle: (taskIds: readonly string[]) => void
  choose: (choosing: boolean) => void
}

/** Which tasks of a plan are chosen, to be retried or cancelled in one go. */
export function useSelection(tasks: ReadonlyMap<string, LiveTask>): Selection {
  const [choosing, setChoosing] = useState(false)
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const { ended, active } = useMemo(() => {
    const known = [...chosen].flatMap((id) => tasks.get(id) ?? [])
    return {
      ended: known.filter(({ status }) => isEnded(status)).map(({ id }) => id),
      active: known.filter(({ status }) => !isEnded(status)).map(({ id }) => id),
    }
  }, [chosen, tasks])
  return {
    choosing,
    ids: chosen,
    ended,
    active,
    toggle(taskIds) {
      const all = taskIds.every((id) => chosen.has(id))
      const next = new Set(chosen)
      for (const id of taskIds) {
        if (all) next.delete(id)
        else next.add(id)
      }
      setChosen(next)
    },
    choose(next) {
      setChoosing(next)
      if (!next) setChosen(new Set())
    },
  }
}
