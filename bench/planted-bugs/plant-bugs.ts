/** A bug that was planted into a file. */
export interface Bug {
  kind: string
  file: string
  /** 1-based. */
  line: number
}

interface Kind {
  name: string
  /** The line with the bug; the unchanged line if the bug does not fit. */
  plant(line: string): string
}

/** Each changes one line of working code the way a slip of the author would. */
const KINDS: readonly Kind[] = [
  { name: 'one too many', plant: swap(/(\bfor \(.*; \w+ )<( )/, '$1<=$2') },
  { name: 'lost await', plant: swap(/^(\s*)await (?=[\w.]+\()/, '$1') },
  { name: 'inverted comparison', plant: swap(/(\bif \([^)]*) === /, '$1 !== ') },
  { name: 'and for or', plant: swap(/(\bif \([^)]*) && /, '$1 || ') },
  { name: 'error swallowed', plant: swap(/^(\s*)throw \w+$/, '$1return undefined as never') },
  { name: 'least for most', plant: swap(/\bMath\.min\(/, 'Math.max(') },
  { name: 'first one skipped', plant: swap(/\.slice\(0, /, '.slice(1, ') },
  {
    name: 'reversed order',
    plant: swap(/\(a, b\) => a([\w.]*) - b\1(?![\w.])/, '(a, b) => b$1 - a$1'),
  },
  { name: 'all for any', plant: swap(/\.some\(/, '.every(') },
  {
    name: 'timer left running',
    plant: swap(/^(\s*)clearTimeout\(\w+\)$/, '$1// The timer ends by itself.'),
  },
  { name: 'seconds for milliseconds', plant: swap(/ \* 1_?000\b/, '') },
  { name: 'weak hash', plant: swap(/createHash\('sha(?:256|512)'\)/, "createHash('md5')") },
  { name: 'guessable token', plant: swap(/\brandomUUID\(\)/, 'String(Math.random())') },
  { name: 'wrong default', plant: swap(/ \?\? 0(?![\w.])/, ' ?? 1') },
]

/**
 * Plants up to `most` bugs into files, distributed as evenly over the kinds as possible, and no two
 * within ten lines of each other. The same files always get the same bugs.
 *
 * @param files Texts by path.
 */
export function plantBugs(
  files: Readonly<Record<string, string>>,
  most: number,
): { files: Record<string, string>; bugs: Bug[] } {
  const lines = new Map(Object.entries(files).map(([file, text]) => [file, text.split('\n')]))
  const rooms = KINDS.map((kind) => ({ kind, places: placesFor(kind, lines) }))
  const bugs: Bug[] = []
  while (bugs.length < most && rooms.some(({ places }) => places.length > 0)) {
    for (const { kind, places } of rooms) {
      let place = places.shift()
      while (place !== undefined && bugs.some(isWithin(10, place))) place = places.shift()
      const text = lines.get(place?.file ?? '')
      if (place === undefined || text === undefined || bugs.length >= most) continue
      text[place.line - 1] = kind.plant(text[place.line - 1] ?? '')
      bugs.push({ kind: kind.name, ...place })
    }
  }
  return {
    files: Object.fromEntries([...lines].map(([file, text]) => [file, text.join('\n')])),
    bugs,
  }
}

/** How many bugs some finding locates, and how many findings locate one. */
export function scoreFindings(
  bugs: readonly Bug[],
  findings: readonly { file?: string | undefined; line?: number | undefined }[],
): { found: number; right: number } {
  const named = (finding: (typeof findings)[number]) =>
    bugs.filter(isWithin(3, { file: finding.file ?? '', line: finding.line ?? Number.NaN }))
  return {
    found: new Set(findings.flatMap(named)).size,
    right: findings.filter((finding) => named(finding).length > 0).length,
  }
}

type Place = Pick<Bug, 'file' | 'line'>

function isWithin(lines: number, place: Place): (other: Place) => boolean {
  return ({ file, line }) => file === place.file && Math.abs(line - place.line) <= lines
}

/** Distributed over the files: the first place in each, then the second. */
function placesFor(kind: Kind, files: ReadonlyMap<string, readonly string[]>): Place[] {
  return [...files]
    .flatMap(([file, lines]) =>
      lines
        .flatMap((line, index) =>
          /^\s*(?:\/\/|\/?\*)/.test(line) || kind.plant(line) === line ? [] : index + 1,
        )
        .map((line, round) => ({ file, line, round })),
    )
    .sort((a, b) => a.round - b.round || (a.file < b.file ? -1 : a.file > b.file ? 1 : 0))
    .map(({ file, line }) => ({ file, line }))
}

function swap(pattern: RegExp, replacement: string): Kind['plant'] {
  return (line) => line.replace(pattern, replacement)
}
