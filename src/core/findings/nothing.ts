import { shorten } from '../text/shorten.ts'

/** Ways to say that there is nothing, in the languages that agents answer in. */
const NOTHING = new Set(
  `none, none found, none identified, none detected, none reported, none so far, n/a, na, n.a., nil, null, nothing, nothing found,
  nothing to report, nothing critical, not applicable, not found, no, 0, zero, -, –, —, ✅, ✓, tbd, ok, clean, clear, empty, all clear, passed,
  keine, keiner, keines, kein, nichts, nichts gefunden, keine gefunden, entfällt, aucun, aucune, rien, néant, aucun trouvé, ninguno, ninguna, nada, ninguno encontrado,
  nenhum, nenhuma, nenhum encontrado, nessuno, nessuna, niente, nulla, geen, niets, ingen, inga, inget, intet, ingenting, ei, ei mitään, brak, żadne, žádné, žiadne, nincs, nincsenek, niciunul, nimic,
  yok, bulunamadı, нет, не найдено, отсутствуют, отсутствует, нету, ничего, немає, няма, hiçbiri, δεν υπάρχουν, κανένα, không, không có, tidak ada, tiada, wala,
  无, 無, 没有, 沒有, 暂无, 未发现, 未發現, 没有发现, なし, 無し, 該当なし, ありません, 特になし, 없음, 해당 없음, 발견되지 않음, ไม่มี, لا يوجد, لا شيء, אין, कोई नहीं, নেই`
    .split(/,\s+/)
    .map((word) => word.trim()),
)

/**
 * `No critical issues`, `0 findings`, `Keine kritischen Probleme gefunden`: nothing of some kind.
 */
const THINGS =
  /^(?:no|zero|0|not any|there (?:are|were|is) (?:no|none)|we found no|i found no|found no|did not find(?: any)?|didn't find(?: any)?|no new|keine?r?|es gibt keine|es wurden keine|aucune?|il n'y a (?:pas|aucun)|ningún|ninguna?|no hay|no se encontraron|no se (?:han )?encontr\p{L}{1,6}|nenhuma?|não há|não foram|nessuna?|non ci sono|geen|нет|не обнаружено|не найдено|brak|ingen|inga|yok)(?: [\p{L}\p{N}/&,'-]{1,24}){0,7}? (?:issues?|findings?|problems?|concerns?|vulnerabilit(?:y|ies)|bugs?|defects?|errors?|items?|observations?|probleme?n?|schwachstellen?|befunde|mängel|fehler|problèmes?|vulnérabilités?|constats?|problemas?|hallazgos?|vulnerabilidade?s|achados|problemi|vulnerabilità|problemen|kwetsbaarheden|проблем\p{L}{0,2}|уязвимост\p{L}{0,3}|замечани\p{L}{0,2}|problemów|problemer|problem)(?=$|[ .!,;)])(.{0,80})$/iu
/** Languages in which the noun comes first or the verb comes last. */
const THINGS_FIRST =
  /^(?:(?:критическ|серь[её]зн|высок|средн|низк)\p{L}{0,5} )?(?:проблем|уязвимост|замечани|ошиб|недостатк)\p{L}{0,4}.{0,40}(?:не (?:обнаруж|найден|выявлен|был)\p{L}{0,5}|нет|отсутству\p{L}{2})|(?:bulunamadı|tespit edilmedi|ikke funnet|nie znaleziono)[.!]?$/iu
const ROMANCE = /^(?:aucun|il n'y a|ning[uú]n|no hay|nenhum|não|nessun|non ci)/i
const ASIAN =
  /^(?:没有|沒有|未发现|未發現|未见|暂无|无|無).{0,20}(?:问题|問題|漏洞|缺陷|风险|风險)[。.!！]?$|(?:見つかりませんでした|ありませんでした|ありません|検出されず|없습니다|없음|발견되지 않았습니다)[。.]?$/u
const AFTER =
  /^ ?(?:[.!]|$|\)|,|;|were|was|have|has|found|identified|detected|reported|at|in|of|to|here|remain|exist|observed|gefunden|festgestellt|vorhanden|trouvée?s?|détectée?s?|encontrad\p{L}{1,2}|identificad\p{L}{1,2}|rilevat\p{L}|gevonden|обнаружено|найдено|выявлено|znaleziono|funnet|fundet)/iu
const COUNT =
  /^\(?\d{1,5}\)?(?: (?:total |open |new |[a-z]+ )?(?:issues?|findings?|problems?|vulnerabilit(?:y|ies)|bugs?|items?|found|files?|errors?|warnings?|occurrences?|个|個|件))?(?: ?\([^()]{0,60}\))?[.。]?$/i

const PRAISE =
  /^(?:(?:the )?(?:code|change|rest|everything|all|this)? ?(?:looks|is) (?:good|great|fine|clean|solid)|lgtm|well (?:done|structured|written)|nice (?:work|job|use|touch)|good (?:job|work|use of|naming|coverage|test coverage|separation))(?=$|[ .!:,–—-])/i

/** Whether a text says that there are no findings, or only how many there are. */
export function saysNothing(text: string): boolean {
  const bare = shorten(text, 250)
    .toLowerCase()
    .replace(/[*_`()[\]{}"'“”]/g, (char) => (char === "'" ? char : ' '))
    .replace(/\s+/g, ' ')
    .trim()
  const plain = trimmed(bare)
  if (plain === '' || NOTHING.has(bare) || NOTHING.has(plain)) return true
  // "None: all inputs are checked", "N/A - no network code".
  const [first = ''] = bare.split(/[.,;:。，：]| [–—-] |\s\(/, 1)
  if (
    NOTHING.has(first.trim()) &&
    !/^(?:no|ok|clear|empty|clean|0|zero|не?т?|geen|kein|ei|无|無)$/.test(first)
  ) {
    return true
  }
  if (COUNT.test(plain) || PRAISE.test(plain)) return true
  const rest = THINGS.exec(bare)?.[1]
  if (rest !== undefined) {
    // In Romance languages the adjective follows: "Aucun problème critique trouvé".
    return AFTER.test(
      ROMANCE.test(bare) ? rest.replace(/^(?: \p{L}{2,20}){1,2}(?=$|[ .])/u, '') : rest,
    )
  }
  return ASIAN.test(bare) || THINGS_FIRST.test(bare)
}

function trimmed(text: string): string {
  let end = text.length
  while (end > 0 && /[\s.!:;,。！：，✅🎉]/u.test(text[end - 1] ?? '')) end -= 1
  return text
    .slice(0, end)
    .replace(/^(?:\p{Extended_Pictographic}|\uFE0F| )+/u, '')
    .trim()
}
