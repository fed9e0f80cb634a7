import { shorten } from '../text/shorten.ts'

/** Where a finding says it is. */
export interface Place {
  /** Relative to the workspace, with `/`; undefined if the finding is not about a file. */
  file: string | undefined
  /** 1-based. */
  line: number | undefined
}

const MAX_PATH = 1_000
const MAX_SEARCHED = 10_000

/**
 * Normalizes `./src/a.ts`, `/src/a.ts`, `src\a.ts`, `src/b/../a.ts` and `src/a.ts:12` to one form,
 * so that findings about the same place can be matched.
 */
export function placeOf(finding: { file?: string | undefined; line?: number | undefined }): Place {
  let file = shorten(finding.file ?? '', MAX_PATH)
    .trim()
    .replaceAll('\\', '/')
    .replace(/^[`'"](.+)[`'"]$/, '$1')
    .replace(/^file:\/\//, '')
    .replace(/^https?:\/\/[^/]+\/[^/]+\/[^/]+\/(?:-\/)?(?:blob|tree|raw|src)\/[^/]+\//, '')
  let line = finding.line
  const suffix =
    /(?::L?|#L|,? \(?(?:lines?|zeilen?|lignes?|l[íi]neas?|linhas?|righ?[ae]|строк[аи]|行) )(\d{1,9})(?:(?:[:,–-]| [–-] )L?\d{1,9})*\)?$/i.exec(
      file,
    )
  if (suffix !== null && suffix.index > 0) {
    file = file.slice(0, suffix.index)
    line ??= Number(suffix[1])
  }
  file = normalized(file)
  const named =
    file !== '' && !/^(?:n\/?a|none|null|unknown|general|various|multiple|-)$/i.test(file)
  return {
    file: named ? file : undefined,
    line: named && line !== undefined && Number.isInteger(line) && line >= 1 ? line : undefined,
  }
}

/** A link to a file on a repository host; captures what follows the branch or commit. */
const LINK =
  /https?:\/\/[^\s/]{1,100}\/[^\s/]{1,100}\/[^\s/]{1,100}\/(?:-\/)?(?:blob|tree|raw|src)\/[^\s/]{1,100}\/([^\s#?)\]"'>]{1,300}\.\w{1,10})(?:\?[^\s#)]{0,100})?(?:#(?:L|lines-)(\d{1,7}))?/g
/**
 * A path with an extension and an optional line: `src/a.ts:12`, `a.ts#L12`, `a.ts (line 12)`, `a.ts
 * L12`.
 */
const PATH =
  /(?<![\w/.@:-])((?:\.{0,2}\/)?(?:(?:[\w@.-]{1,100}|\([\w-]{1,40}\)|\[[\w.-]{1,40}\])\/){0,20}[\w@][\w@.-]{0,99}\.[A-Za-z][A-Za-z0-9]{0,7})(?:(?::L?|#L)(\d{1,7})|[`)]{0,2},? \(?(?:(?:lines?|zeilen?|lignes?|l[íi]neas?|linhas?|righ?[ae]|строк[аи]|行) |L|第)(\d{1,7}))?(?=$|[\s)`\],;:.\-–|*#"'?!])/gi

/** The first place that a text names, preferring one with a line. */
export function placeIn(text: string): Place | undefined {
  const searched = shorten(text, MAX_SEARCHED)
  let first: Place | undefined
  for (const pattern of [LINK, PATH]) {
    for (const [, path = '', ...lines] of searched.matchAll(pattern)) {
      const place = placeOf({ file: decoded(path), line: Number(lines.find(Boolean)) || undefined })
      if (place.line !== undefined) return place
      if (place.file !== undefined && !isNoFile(place.file)) first ??= place
    }
  }
  return first
}

const MARK_BEHIND = /(?:\*\*|__|`|:| |\(\d{1,4}(?: \p{L}{1,12})?\))$/u

/** Removes them one by one: a pattern for all of them together would try each place of the text. */
function withoutMarksBehind(text: string): string {
  let left = text
  while (MARK_BEHIND.test(left)) left = left.replace(MARK_BEHIND, '')
  return left
}

/** The place that is all of a heading or item: what stands below it is there. */
export function placeAlone(text: string): Place | undefined {
  const bare = withoutMarksBehind(
    shorten(text, 400).replace(/^(?:\*\*|__|`|📄|📁|\p{Extended_Pictographic}|\uFE0F| )+/u, ''),
  )
    .replace(/^(?:in|file|datei|fichier|文件|ファイル)[:：]? /i, '')
    .replaceAll('`', '')
  if (bare === '' || /\s/.test(bare.replace(/,? \(?lines? /i, ':'))) return undefined
  const place = placeIn(bare)
  return place?.file !== undefined && formatPlace(place).length >= bare.length / 2
    ? place
    : undefined
}

/** `e.g.`, `1.2.x`, `node.js`, `example.com`, `obj.method`: these have a dot but are not files. */
function isNoFile(path: string): boolean {
  if (path.includes('/')) return false
  const [, name = '', extension = ''] = /^(.*)\.(\w+)$/.exec(path) ?? []
  return (
    name.length < 2 ||
    /^(?:com|org|net|io|dev|app|g|e)$/i.test(extension) ||
    /^(?:node|next|vue|react|nuxt|express|three|d3|chart|ethers|web3|alpine|discord)\.js$/i.test(
      path,
    ) ||
    !/^(?:[a-z]{1,5}|[a-z]{1,4}\d|[CHRS]|dart|swift|scala|proto|cairo|gradle|properties|Dockerfile|lock|svelte|astro|vyper|circom|ipynb|config|service|tfvars|jsonc|json5|yaml|toml|markdown|html)$/.test(
      extension,
    ) ||
    /^(?:length|push|call|send|value|sender|data|map|get|set|log|warn|error|now|test|then|env|id|key|name|type|size|next|add|sub|mul|div|max|min|sum|body|query|data|exec|spawn|transfer|approve|mint|burn|block|msg)$/.test(
      extension,
    )
  )
}

function decoded(path: string): string {
  if (!path.includes('%')) return path
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

/** Resolves `.` and `..`. A path that leaves the workspace keeps its leading `..`. */
function normalized(path: string): string {
  const steps: string[] = []
  for (const step of path.split('/')) {
    if (step === '' || step === '.') continue
    const before = steps.at(-1)
    if (step === '..' && before !== undefined && before !== '..') steps.pop()
    else steps.push(step)
  }
  return steps.join('/')
}

/** `src/a.ts:12`, `src/a.ts`, or an empty string. */
export function formatPlace({ file, line }: Place): string {
  if (file === undefined) return ''
  return line === undefined ? file : `${file}:${line}`
}
