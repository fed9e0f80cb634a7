/** The samples of one scrape. */
export interface Samples {
  /** 0 if there is none. */
  value(name: string, labels?: Record<string, string>): number
  has(name: string): boolean
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const LABELS = /^(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\n"])*",?)*$/
const SUFFIXES = ['', '_bucket', '_sum', '_count']

/**
 * Reads the text format strictly: every sample belongs to a metric with HELP and TYPE before it, comes
 * once, and its value is a number.
 *
 * @throws on the first line that does not fit.
 */
export function readMetrics(text: string): Samples {
  const types = new Map<string, string>()
  const helps = new Set<string>()
  const samples = new Map<string, { name: string; labels: Map<string, string>; value: number }>()
  if (!text.endsWith('\n')) throw new Error('does not end with a line end')
  for (const line of text.split('\n')) {
    if (line === '') continue
    const [, keyword, about = '', rest = ''] = /^# (HELP|TYPE) (\S+) ?(.*)$/.exec(line) ?? []
    if (keyword === 'HELP') helps.add(about)
    else if (keyword === 'TYPE') {
      if (types.has(about)) throw new Error(`two TYPE lines: ${line}`)
      if (!/^(counter|gauge|histogram|summary)$/.test(rest)) throw new Error(`no type: ${line}`)
      types.set(about, rest)
    } else {
      const [, name = '', inside = '', value = ''] =
        /^([^\s{]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
      if (!NAME.test(name) || !LABELS.test(inside)) throw new Error(`no sample: ${line}`)
      const family = SUFFIXES.map((suffix) => name.replace(new RegExp(`${suffix}$`), '')).find(
        (base) => types.has(base),
      )
      if (family === undefined || !helps.has(family)) throw new Error(`no HELP or TYPE: ${line}`)
      if (Number.isNaN(Number(value)) && !/^nan$/i.test(value) && !/^[+-]Inf$/.test(value)) {
        throw new Error(`no value: ${line}`)
      }
      const key = `${name}{${inside}}`
      if (samples.has(key)) throw new Error(`twice: ${line}`)
      const labels = new Map(
        [...inside.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map((match) => [
          match[1] ?? '',
          match[2] ?? '',
        ]),
      )
      samples.set(key, { name, labels, value: Number(value) })
    }
  }
  const all = [...samples.values()]
  return {
    value: (name, labels = {}) =>
      all.find(
        (sample) =>
          sample.name === name &&
          Object.entries(labels).every(([label, value]) => sample.labels.get(label) === value),
      )?.value ?? 0,
    has: (name) => all.some((sample) => sample.name === name),
  }
}
