// Runs before the first paint. `src/ui/theme.ts` writes what is read here.
try {
  const theme = localStorage.getItem('tutti.theme')
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme
} catch {
  // Storage is off: the system's theme applies.
}
