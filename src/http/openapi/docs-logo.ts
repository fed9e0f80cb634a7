/** Our name at the top of `/docs`, on its dark bar; the way back to the dashboard. */
export const DOCS_LOGO = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 84 24" width="140" height="40">
  <title>Tutti, to the dashboard</title>
  <g fill="#8fabff">
    <rect x="0" y="3" width="11" height="3" rx="1.5"/>
    <rect x="0" y="8" width="16" height="3" rx="1.5"/>
    <rect x="0" y="13" width="8" height="3" rx="1.5"/>
    <rect x="0" y="18" width="13" height="3" rx="1.5"/>
  </g>
  <rect x="19" y="2" width="2.5" height="20" rx="1.25" fill="#fff"/>
  <text x="32" y="18" fill="#fff" font-family="system-ui, sans-serif" font-size="17" font-weight="600">Tutti</text>
</svg>`
