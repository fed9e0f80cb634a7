import { SEVERITIES, type Severity } from '../contract/findings.ts'

const WORDS: Record<Severity, string> = {
  critical: 'critical crit blocker severe fatal p0 s0 sev0 🔴',
  high: 'high major error serious important p1 s1 sev1 🟠',
  medium: 'medium med moderate warning warn p2 s2 sev2 🟡',
  low: 'low minor p3 s3 sev3 🟢',
  info: 'info informational information note nit trivial suggestion hint 🔵',
}

/** Agents answer in the language that they are asked in. Words that mean more in English are not here. */
const IN_OTHER_LANGUAGES: Record<Severity, string> = {
  critical:
    'kritisch schwerwiegend critique crítico crítica critico kritiek критический критическая критично 严重 致命 嚴重 緊急 重大 致命的 심각 치명적',
  high: 'hoch hohe élevé élevée haute majeur majeure alto alta hoog высокий высокая высокое 高 高危 높음',
  medium:
    'mittel mittlere moyen moyenne modéré modérée medio médio média gemiddeld средний средняя среднее 中 中危 중간 보통',
  low: 'niedrig gering faible basse mineur mineure bajo baja baixo baixa basso bassa laag низкий низкая низкое 低 低危 낮음',
  info: 'hinweis remarque 提示 情報 정보',
}

const BY_WORD = new Map(
  SEVERITIES.flatMap((severity) =>
    `${WORDS[severity]} ${IN_OTHER_LANGUAGES[severity]}`
      .split(' ')
      .map((word) => [word, severity] as const),
  ),
)

/** All words that name a severity, for a regular expression. */
export const SEVERITY_PATTERN = [...BY_WORD.keys()].sort((a, b) => b.length - a.length).join('|')

/** `High`, `**HIGH**`, `[high]`, `high severity` and `P1` are `high`. */
export function severityOf(text: string): Severity | undefined {
  const word = text
    .toLowerCase()
    .normalize('NFC')
    .replace(/[*_`[\](){}:：【】]/g, ' ')
    .replace(
      /\b(?:severity|priority|risk|impact|issues?|findings?|risiko|risque|riesgo|risco)\b/g,
      ' ',
    )
    .trim()
  return BY_WORD.get(word)
}
