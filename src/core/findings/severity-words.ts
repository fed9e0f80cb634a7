import { SEVERITIES, type Severity } from '../contract/findings.ts'
import { shorten } from '../text/shorten.ts'

const WORDS: Record<Severity, string> = {
  critical: 'critical crit blocker blocking severe fatal p0 s0 sev0 sev-0 🔴 🚨 ⛔',
  high: 'high major error serious important p1 s1 sev1 sev-1 🟠',
  medium: 'medium med moderate warning warn p2 s2 sev2 sev-2 🟡',
  low: 'low minor p3 s3 sev3 sev-3 🟢',
  info: 'info informational informative information note nit nits nitpick trivial suggestion hint p4 p5 s4 sev4 🔵',
}

/** Agents answer in the language of the question. Words that are also English ones are left out. */
const IN_OTHER_LANGUAGES: Record<Severity, string> = {
  critical:
    'kritisch kritische kritischer kritisches schwerwiegend critique critiques crítico crítica críticos críticas critico critici critiche kritiek kritieke krytyczny krytyczne kritisk kritiska критический критическая критические критично критичный kritik 严重 致命 嚴重 紧急 緊急 重大 致命的 심각 치명적',
  high: 'hoch hohe hoher hohes élevé élevée élevés élevées haute hautes majeur majeure majeurs majeures alto alta altos altas alti alte hoog hoge wysoki wysokie hög höga høy yüksek высокий высокая высокие высокое 高 高危 高级 높음',
  medium:
    'mittel mittlere mittlerer mittleres moyen moyenne moyens moyennes modéré modérée medio medios media medias médio médios média médias gemiddeld gemiddelde średni średnie medel orta средний средняя средние среднее 中 中危 中等 中级 中度 中程度 一般 중간 보통',
  low: 'niedrig niedrige gering geringe faible faibles basse mineur mineure mineurs mineures bajo baja bajos bajas baixo baixa baixos baixas basso bassa bassi laag lage niski niskie låg låga lav düşük низкий низкая низкие низкое 低 低危 轻微 輕微 軽微 次要 낮음',
  info: 'hinweis hinweise remarque remarques informativo informativa informatif 提示 情報 정보',
}

const BY_WORD = new Map(
  SEVERITIES.flatMap((severity) =>
    `${WORDS[severity]} ${IN_OTHER_LANGUAGES[severity]}`
      .split(' ')
      .map((word) => [word, severity] as const),
  ),
)

/**
 * Words that also label other things in prose: `Note: …`, `Error: …`. They are severities only in a
 * field or a column.
 */
const ALSO_OTHERWISE = new Set(
  'note hint important information suggestion error serious fatal hinweis hinweise remarque remarques 提示 情報 정보'.split(
    ' ',
  ),
)

/** Words next to a severity, in a heading or a field, that do not change it. */
const FILLERS = new Set(
  `severity severities priority risk risks impact issue issues finding findings bug bugs problem problems
  vulnerability vulnerabilities concern concerns item items defect defects error errors warning warnings
  level rating rated security must should could fix fixes fixed be to the of and or a before merge merging
  blocking immediately soon later found identified list by in code review nice have optional
  schweregrad priorität risiko probleme problem schwachstellen befunde mängel fehler
  sévérité gravité priorité risque risques problème problèmes vulnérabilités constats
  severidad gravedad prioridad riesgo riesgos problema problemas vulnerabilidades hallazgos
  severidade gravidade prioridade risco riscos achados gravità priorità rischio problemi vulnerabilità
  ernst prioriteit risico problemen серьёзность критичность приоритет риск проблемы проблема уязвимости
  önem sorunlar de la el y e et und`
    .split(/\s+/)
    .filter((word) => word !== ''),
)
const CJK_FILLERS =
  /(?:严重程度|严重性|嚴重性|优先级|優先級|優先度|重要度|深刻度|风险|風險|リスク|问题|問題|漏洞|缺陷|脆弱性|级别|等级|级|級|度|の|な|심각도|우선순위|위험|문제|취약점)/g

/** `High`, `**HIGH**`, `[high]`, `high severity` and `P1` are `high`. */
export function severityOf(text: string): Severity | undefined {
  const words = wordsOf(text)
  if (words.length > 8) return undefined
  const named = words.flatMap((word) => BY_WORD.get(word) ?? [])
  if (named.length === 0) return undefined
  // "High Security Warnings" are of high severity: the first word decides, and the second names the
  // thing.
  const rest = words.filter((word) => !BY_WORD.has(word) && !FILLERS.has(word))
  return rest.length === 0 ? named[0] : undefined
}

/** The severity that a label in prose stands for, as in `High: …`. */
export function severityLabel(text: string): Severity | undefined {
  const words = wordsOf(text)
  return words.every((word) => ALSO_OTHERWISE.has(word)) ? undefined : severityOf(text)
}

/**
 * The severity at the start of a field's value: `High (CVSS 8.1)`, `Critical/High`, `8.1`, `Medium:
 * it needs an account`.
 */
export function severityInValue(text: string): Severity | undefined {
  const value = shorten(text, 200)
  const whole = severityOf(value)
  if (whole !== undefined) return whole
  for (const word of wordsOf(value).slice(0, 3)) {
    const severity = BY_WORD.get(word)
    if (severity !== undefined) return severity
    if (!FILLERS.has(word)) break
  }
  return severityOfScore(value)
}

/**
 * CVSS: 9 and above is critical, 7 high, 4 medium. The version in `CVSS:3.1/AV:…` is not a score.
 */
export function severityOfScore(text: string): Severity | undefined {
  const scores = shorten(text, 300).replace(/CVSS[:v ]{0,3}[234](?:\.[01])?(?=$|[^\d.])/gi, ' ')
  const [, number, outOf] =
    /(?:^|[^\d.])(10(?:\.0)?|\d\.\d)(?:[^\d.%]|\.$|$)(?: ?\/? ?(10))?/.exec(scores) ??
    /(?:^|[^\d.])(\d{1,2}) ?\/ ?(10)(?:\D|$)/.exec(scores) ??
    []
  return number === undefined || (outOf !== undefined && outOf !== '10')
    ? undefined
    : severityOfNumber(Number(number))
}

/** For a CVSS score, 0 to 10. */
export function severityOfNumber(score: number): Severity | undefined {
  if (!(score >= 0 && score <= 10)) return undefined
  if (score >= 9) return 'critical'
  if (score >= 7) return 'high'
  if (score >= 4) return 'medium'
  return score > 0 ? 'low' : 'info'
}

function wordsOf(text: string): string[] {
  return shorten(text, 200)
    .toLowerCase()
    .normalize('NFC')
    .replace(/\([^()]{0,80}\)|（[^（）]{0,80}）/g, (part) => (part.length > 12 ? ' ' : part))
    .replace(/\uFE0F|[*_`[\](){}:：【】（）|/,、·]|\s[–—-]\s/g, ' ')
    .replace(CJK_FILLERS, ' ')
    .split(/\s+/)
    .filter((word) => word !== '' && !/^\d+[.)]?$/.test(word) && /[\p{L}\p{N}\p{So}]/u.test(word))
}
