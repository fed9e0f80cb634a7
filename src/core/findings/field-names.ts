import { shorten } from '../text/shorten.ts'

/** The parts of a finding, whatever its author calls them. */
export type FieldKind =
  | 'title'
  | 'severity'
  | 'score'
  | 'file'
  | 'line'
  | 'detail'
  | 'impact'
  | 'likelihood'
  | 'proof'
  | 'evidence'
  | 'recommendation'
  | 'category'
  | 'confidence'
  /** Not part of the claim: its state, replies to it, references. */
  | 'aside'

/** Field names in some of the languages that agents answer in. */
const NAMES: Record<FieldKind, string> = {
  title:
    'title, finding, finding title, issue title, issue name, name, bug, vulnerability, vulnerability name, titel, befund, titre, constat, título, titulo, hallazgo, titolo, заголовок, 标题, 標題, タイトル, 제목',
  severity:
    'severity, sev, severity level, severity rating, risk, risk level, risk rating, priority, criticality, level, threat level, schweregrad, schwere, priorität, risiko, gravité, sévérité, criticité, priorité, gravedad, severidad, prioridad, criticidad, gravidade, severidade, prioridade, gravità, priorità, ernst, prioriteit, серьёзность, серьезность, критичность, приоритет, уровень, 严重性, 严重程度, 严重级别, 風險等級, 风险等级, 嚴重性, 优先级, 優先度, 重要度, 深刻度, 심각도, 우선순위',
  score:
    'cvss, cvss score, cvss 3.1, cvss v3.1, cvss 3.1 score, cvss v3, cvss 4.0, cvss base score, score',
  file: 'file, files, filename, file path, location, locations, path, paths, where, context, affected file, affected files, affected code, affected component, affected components, affected lines, affected location, code location, location of affected code, lines of code, line of code, code reference, code references, relevant code, source file, target, component, datei, dateien, ort, fundort, fichier, fichiers, emplacement, archivo, archivos, ubicación, arquivo, localização, posizione, bestand, locatie, файл, место, расположение, 文件, 位置, 文件路径, 檔案, ファイル, 場所, 箇所, 파일, 위치',
  line: 'line, lines, line number, line numbers, line(s), zeile, zeilen, ligne, lignes, línea, líneas, linha, linhas, riga, righe, строка, строки, 行, 行号, 줄',
  detail:
    'description, details, detail, message, summary, vulnerability detail, vulnerability details, vulnerability description, explanation, overview, issue, issue description, issue details, problem, problem description, root cause, rationale, why, why it matters, what, background, technical details, technical detail, analysis, finding description, observation, bug description, beschreibung, erklärung, details, problème, détails, détail, descripción, detalle, detalles, descrição, detalhes, descrizione, dettagli, beschrijving, описание, подробности, проблема, 描述, 说明, 詳細, 問題描述, 详情, 説明, 설명',
  impact:
    'impact, impacts, impact explanation, consequence, consequences, effect, business impact, auswirkung, auswirkungen, folgen, conséquence, conséquences, impacto, impactos, consecuencias, impatto, gevolg, последствия, влияние, 影响, 影響, 영향',
  likelihood: 'likelihood, likelihood explanation, probability, wahrscheinlichkeit',
  proof:
    'proof of concept, poc, coded poc, poc code, proof, exploit, exploitation, exploit scenario, attack, attack path, attack paths, attack scenario, attack vector, scenario, scenarios, steps to reproduce, reproduction, reproduction steps, how to reproduce, test, test case, coded proof of concept, internal pre-conditions, external pre-conditions, internal preconditions, external preconditions, preconditions, pre-conditions, example scenario',
  evidence:
    'evidence, code, code snippet, code snippets, snippet, vulnerable code, problematic code, current code, affected code snippet, quote, nachweis, beleg, preuve, evidencia, evidência, prova, bewijs, доказательство, 证据, 代码, 証拠, 증거',
  recommendation:
    'recommendation, recommendations, recommended fix, recommended mitigation, recommended mitigation steps, recommended mitigations, recommended action, recommended actions, recommended change, recommended changes, recommended remediation, recommended solution, fix, fixes, fix required, required fix, suggested fix, suggested change, suggested changes, proposed fix, possible fix, suggestion, suggestions, suggested mitigation, mitigation, mitigations, mitigation steps, remediation, remediations, remediation steps, resolution steps, solution, solutions, advice, action, how to fix, how to fix it, empfehlung, empfehlungen, behebung, lösung, maßnahme, recommandation, recommandations, correctif, correction, solution, recomendación, recomendaciones, solución, corrección, recomendação, recomendações, correção, solução, raccomandazione, raccomandazioni, soluzione, aanbeveling, oplossing, рекомендация, рекомендации, исправление, решение, 建议, 建議, 修复建议, 修復建議, 修复方案, 解决方案, 推奨, 推奨事項, 対策, 修正案, 修正方法, 권장, 권장 사항, 해결책, 수정 방안',
  category:
    'category, categories, type, class, kind, cwe, owasp, weakness, vulnerability type, bug type, rule, perspective, area, kategorie, typ, catégorie, categoría, tipo, categoria, categorie, категория, тип, 类别, 类型, 分類, 種類, カテゴリ, 분류, 유형',
  confidence:
    'confidence, certainty, confidence level, konfidenz, sicherheit, confiance, confianza, confiança, confidenza, уверенность, 置信度, 信頼度, 확신도',
  aside:
    'status, state, resolution, update, updates, review, response, responses, team response, client response, developer response, client, comment, comments, acknowledgement comment, discussion, references, reference, links, further reading, tool used, tools used, tool, tools, auditor, auditors, author, found by, reported by, difficulty, exploitability, effort, id, issue id, finding id, fixed, fix status, commit, labels, tags, note, notes, hinweis, remarque, nota, 备注, date, lead auditors, assisting auditors, reviewer, verdict, acknowledged, sponsor comment, judge comment, assessed type, source, source link, github link, language, duration, function, method, contract, module, owner',
}

const BY_NAME = new Map(
  (Object.entries(NAMES) as [FieldKind, string][]).flatMap(([kind, names]) =>
    names.split(', ').map((name) => [name.trim(), kind] as const),
  ),
)

export interface Field {
  kind: FieldKind
  /** The text after the name on the same line; empty if the value is on the lines below. */
  value: string
}

/** `Severity: High`, `**Severity:** High`, `**Severity** High`; undefined for any other line. */
export function fieldOf(text: string): Field | undefined {
  const [, bold, boldRest] = /^(?:\*\*|__)([^*_]{1,40})(?:\*\*|__)(.*)$/.exec(text) ?? []
  if (bold !== undefined && boldRest !== undefined) {
    const kind = kindOf(bold)
    const value = boldRest.replace(/^ ?[:：–—-]? ?/, '').trim()
    if (kind !== undefined) return { kind, value }
    if (!/[:：]$/.test(bold)) return undefined
  }
  const [, name, value] = /^(?:\*\*|__)?([^:：*_`|]{1,40})[:：](?:\*\*|__)?(.*)$/.exec(text) ?? []
  const kind = name === undefined ? undefined : kindOf(name)
  if (kind === undefined || value === undefined) return undefined
  // `file://…`, `Problem::new` and `12:30` are not fields.
  return /^[:/]/.test(value) ? undefined : { kind, value: value.trim() }
}

/** For a name on its own, as in a heading or a table cell. */
export function kindOf(name: string): FieldKind | undefined {
  const bare = shorten(name, 80)
    .toLowerCase()
    .replace(/[*_`:：#]|\p{Extended_Pictographic}|\uFE0F|\u200D/gu, ' ')
    .replace(/^\s*(?:\d{1,2}(?:\.\d{1,2}){0,3}[.)]?|[a-z]\))\s/, '')
    .replace(/\s+/g, ' ')
    .trim()
  const kind = BY_NAME.get(bare)
  if (kind !== undefined) return kind
  return /^\S{1,20}(?: \S{1,20})? (?:response|team)$/.test(bare) ? 'aside' : undefined
}
