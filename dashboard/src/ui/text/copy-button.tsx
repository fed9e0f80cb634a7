import { Check, Copy } from 'lucide-react'
import { useEffect, useState } from 'react'
import { IconButton } from '../button.tsx'

export function CopyButton({ text, label }: { text: string; label: string }) {
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return
    const timer = setTimeout(() => setCopied(false), 1_500)
    return () => clearTimeout(timer)
  }, [copied])
  async function copy() {
    // Browsers only offer the clipboard to secure pages.
    await navigator.clipboard?.writeText(text)
    setCopied(true)
  }
  return (
    <IconButton label={copied ? 'Copied' : label} className="size-7" onClick={() => void copy()}>
      {copied ? (
        <Check className="size-3.5 text-succeeded" aria-hidden />
      ) : (
        <Copy className="size-3.5" aria-hidden />
      )}
    </IconButton>
  )
}
