import { renderToStaticMarkup } from 'react-dom/server'
import { describe, expect, it } from 'vitest'
import { DataGrid } from './DataGrid.tsx'

const rows = Array.from({ length: 10_000 }, (_, at) => `pod-${at}`)

describe('DataGrid', () => {
  const html = renderToStaticMarkup(
    <DataGrid
      label="Pod objects"
      columns={[{ id: 'Name', title: 'NAME', chars: 10 }]}
      rows={rows}
      keyOf={(row) => row}
      cell={(row) => row}
      isSelected={(row) => row === 'pod-2'}
      onSelect={() => undefined}
    />,
  )
  it('draws the rows in sight only, and tells how many there are', () => {
    expect(html.match(/role="row"/g)?.length).toBeLessThan(60)
    expect(html).toContain('aria-rowcount="10001"')
    expect(html).toContain('pod-0<')
    expect(html).not.toContain('pod-9999')
  })
  it('has one row in the tab order and says which is selected', () => {
    expect(html.match(/tabindex="0"/gi)).toHaveLength(1)
    expect(html.match(/aria-selected="true"/g)).toHaveLength(1)
  })
})
