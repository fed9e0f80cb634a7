import { Link, Outlet, useNavigate } from '@tanstack/react-router'
import { BookOpen, CircleHelp, KeyRound, Plus } from 'lucide-react'
import { useState } from 'react'
import { askForKey, useApiKey } from '../api/session.ts'
import { buttonClass, IconButton } from '../ui/button.tsx'
import { classNames } from '../ui/class-names.ts'
import { useShortcuts } from '../ui/keyboard.tsx'
import { Empty } from '../ui/page-states.tsx'
import { AwayBanner } from './away-banner.tsx'
import { KeyPrompt } from './key-prompt.tsx'
import { Logo } from './logo.tsx'
import { ShortcutsDialog } from './shortcuts-dialog.tsx'
import { ThemeToggle } from './theme-toggle.tsx'

export function Shell() {
  const [helpOpen, setHelpOpen] = useState(false)
  const navigate = useNavigate()
  const hasKey = useApiKey() !== null
  useShortcuts([
    ['?', () => setHelpOpen(true)],
    ['n', () => void navigate({ to: '/new' })],
    ['p', () => void navigate({ to: '/' })],
    ['w', () => void navigate({ to: '/workers' })],
  ])
  return (
    <div className="flex min-h-dvh flex-col">
      <a
        href="#main"
        className="sr-only z-50 rounded-md bg-ink px-3 py-2 text-paper focus:not-sr-only focus:fixed focus:top-2 focus:left-2"
      >
        Skip to the content
      </a>
      <header className="sticky top-0 z-30 border-b border-line bg-paper/90 backdrop-blur">
        <div className="flex h-14 items-center gap-1 px-3 sm:px-6">
          <Link to="/" className="mr-1 flex items-center gap-2 rounded-md px-1 py-1 sm:mr-5">
            <Logo />
            <span className="text-[0.9375rem] font-semibold tracking-tight">Tutti</span>
          </Link>
          <nav aria-label="Main" className="flex items-center gap-0.5">
            <NavLink to="/">Plans</NavLink>
            <NavLink to="/workers">Workers</NavLink>
          </nav>
          <div className="ml-auto flex items-center gap-0.5">
            <a
              href="/docs"
              className="mr-1 hidden h-8 items-center gap-1.5 rounded-md px-2.5 text-ink-2 hover:bg-hover hover:text-ink md:inline-flex"
            >
              <BookOpen className="size-4" aria-hidden />
              API
            </a>
            {hasKey && (
              <IconButton label="Change the API key" onClick={() => askForKey(true)}>
                <KeyRound className="size-4" aria-hidden />
              </IconButton>
            )}
            <ThemeToggle />
            <IconButton label="Keyboard shortcuts" onClick={() => setHelpOpen(true)}>
              <CircleHelp className="size-4" aria-hidden />
            </IconButton>
            <Link to="/new" className={classNames(buttonClass('primary'), 'ml-1.5 h-8 px-2.5')}>
              <Plus className="size-4" aria-hidden />
              <span className="hidden sm:inline">New plan</span>
              <span className="sr-only sm:hidden">New plan</span>
            </Link>
          </div>
        </div>
        <AwayBanner />
      </header>
      <main id="main" tabIndex={-1} className="flex min-h-0 flex-1 flex-col outline-none">
        <Outlet />
      </main>
      <KeyPrompt />
      <ShortcutsDialog open={helpOpen} onOpenChange={setHelpOpen} />
    </div>
  )
}

function NavLink(props: { to: '/' | '/workers'; children: string }) {
  return (
    <Link
      to={props.to}
      activeOptions={{ exact: true, includeSearch: false }}
      className="inline-flex h-8 items-center rounded-md px-2.5 text-ink-2 hover:bg-hover hover:text-ink data-[status=active]:bg-neutral-soft data-[status=active]:font-medium data-[status=active]:text-ink"
    >
      {props.children}
    </Link>
  )
}

export function NotFound() {
  return (
    <Empty
      title="There is no such page"
      action={
        <Link to="/" className={buttonClass()}>
          Back to the plans
        </Link>
      }
    >
      The address may be mistyped.
    </Empty>
  )
}
