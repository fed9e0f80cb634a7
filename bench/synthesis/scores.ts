/** Agreement of two clusterings, in pairs and members; can be summed over contests. */
export interface Agreement {
  members: number
  /** Pairs that the judges, the merge, or both put together. */
  judged: number
  merged: number
  both: number
  /** Sums of the members' B-cubed precision and recall. */
  precision: number
  recall: number
}

/** How well the merge's clusters match the judges', given both clusters of each member. */
export function agreementOf(members: readonly { judged: string; merged: string }[]): Agreement {
  const keys = {
    judged: members.map(({ judged }) => judged),
    merged: members.map(({ merged }) => merged),
    both: members.map(({ judged, merged }) => `${judged}\0${merged}`),
  }
  const sizes = { judged: count(keys.judged), merged: count(keys.merged), both: count(keys.both) }
  const share = (of: 'judged' | 'merged') =>
    members.reduce((sum, _, at) => {
      const inBoth = sizes.both.get(keys.both[at] ?? '') ?? 0
      return sum + inBoth / (sizes[of].get(keys[of][at] ?? '') ?? 1)
    }, 0)
  return {
    members: members.length,
    judged: pairsIn(sizes.judged),
    merged: pairsIn(sizes.merged),
    both: pairsIn(sizes.both),
    precision: share('merged'),
    recall: share('judged'),
  }
}

export function addAgreements(all: readonly Agreement[]): Agreement {
  const sum = (key: keyof Agreement) => all.reduce((total, each) => total + each[key], 0)
  return {
    members: sum('members'),
    judged: sum('judged'),
    merged: sum('merged'),
    both: sum('both'),
    precision: sum('precision'),
    recall: sum('recall'),
  }
}

/** All from 0 to 1. */
export function figuresOf({ members, judged, merged, both, precision, recall }: Agreement) {
  const [p, r] = [both / merged, both / judged]
  return {
    precision: p,
    recall: r,
    f1: harmonic(p, r),
    bCubed: harmonic(precision / members, recall / members),
  }
}

/** The probability that a wanted item precedes an unwanted one, for an ordered list. */
export function areaUnderCurve(wanted: readonly boolean[]): number {
  let before = 0
  let won = 0
  for (const each of wanted) {
    if (each) before += 1
    else won += before
  }
  return won / (before * (wanted.length - before))
}

function harmonic(a: number, b: number): number {
  return (2 * a * b) / (a + b)
}

function count(keys: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1)
  return counts
}

function pairsIn(sizes: ReadonlyMap<string, number>): number {
  return [...sizes.values()].reduce((sum, size) => sum + (size * (size - 1)) / 2, 0)
}
