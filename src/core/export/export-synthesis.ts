import type { Synthesis, SynthesisFormat } from '../contract/synthesis.ts'
import { synthesisMarkdown } from './export-markdown.ts'
import { synthesisSarif } from './export-sarif.ts'

/** A stored synthesis in another format. Without edits it is an empty patch. */
export function exportSynthesis(
  json: Uint8Array,
  as: Exclude<SynthesisFormat, 'json'>,
  title: string,
): Uint8Array {
  const synthesis = JSON.parse(new TextDecoder().decode(json)) as Synthesis
  return new TextEncoder().encode(textOf(synthesis, as, title))
}

function textOf(synthesis: Synthesis, as: Exclude<SynthesisFormat, 'json'>, title: string): string {
  switch (as) {
    case 'markdown':
      return synthesisMarkdown(synthesis, title)
    case 'sarif':
      return JSON.stringify(synthesisSarif(synthesis))
    case 'patch':
      return synthesis.edits?.patch ?? ''
  }
}
