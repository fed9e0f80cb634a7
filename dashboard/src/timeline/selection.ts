import { useMemo, useState } from 'react'
import { isEnded } from '../../../src/client/status.ts'
import type { LiveTask } from '../live/plan-model.ts'

export interface Selection {
  /** Whether rows can be selected individually. */
  choosing: boolean
  ids: ReadonlySet<string>
  /** Selected tasks that have ended and can run again. */
  ended: string[]
  /** Selected tasks that have not ended. */
  active: string[]
  /** Selects all of them, or deselects them if all are selected. */
  toggle: (taskIds: readonly string[]) => void
  choose: (choosing: boolean) => void
}

/** Which tasks of a plan are selected, for retrying or cancelling them together. */
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
