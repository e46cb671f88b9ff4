import { expect, type Locator, type Page } from '@playwright/test'

/** The page as a person sees it: everything is found by its role and name. */
export class App {
  readonly page: Page
  readonly kinds: Locator
  readonly inspector: Locator
  readonly dock: Locator
  readonly time: Locator
  readonly words: Locator

  constructor(page: Page) {
    this.page = page
    this.kinds = page.getByRole('tree', { name: 'Kinds' })
    this.inspector = page.getByRole('complementary', { name: 'Inspector' })
    this.dock = page.getByRole('region', { name: 'Dock' })
    this.time = page.getByRole('contentinfo', { name: 'Time' })
    this.words = page.getByRole('region', { name: 'The cluster in words' })
  }

  /** Opens the page and waits for its cluster. */
  async open(path = '/'): Promise<void> {
    await this.page.goto(path)
    await expect(this.kinds.getByRole('treeitem', { name: /^Node, 3 objects/ })).toBeVisible()
    await expect(this.words).toContainText('3 nodes')
  }

  async tab(name: 'YAML' | 'Examples' | 'Objects' | 'Events'): Promise<void> {
    await this.dock.getByRole('tab', { name }).click()
  }

  async view(name: 'Cluster' | 'Control plane' | 'Rollout' | 'Network' | 'Scheduling' | 'Timeline'): Promise<void> {
    await this.page.getByRole('navigation', { name: 'Views' }).getByRole('button', { name, exact: true }).click()
  }

  /** Puts a manifest into the editor through "Open files". */
  async openManifest(text: string, name = 'manifest.yaml'): Promise<void> {
    await this.tab('YAML')
    const [chooser] = await Promise.all([
      this.page.waitForEvent('filechooser'),
      this.page.getByRole('button', { name: 'Open files…' }).click(),
    ])
    await chooser.setFiles({ name, mimeType: 'application/yaml', buffer: Buffer.from(text) })
    await expect(this.button('Apply')).toBeEnabled()
  }

  async apply(text: string): Promise<void> {
    await this.openManifest(text)
    await this.button('Apply').click()
  }

  button(name: string): Locator {
    return this.dock.getByRole('button', { name, exact: true })
  }

  result(text: string | RegExp): Locator {
    return this.dock.getByText(text)
  }

  /** Limits tables and events to one namespace. */
  async namespace(name: string): Promise<void> {
    await this.page.getByRole('navigation', { name: 'Kinds' }).getByRole('combobox', { name: 'Namespace' }).selectOption(name)
  }

  /** Shows the table of a kind. */
  async table(kind: string): Promise<Locator> {
    await this.kinds.getByRole('treeitem', { name: new RegExp(`^${kind}, `) }).click()
    await this.tab('Objects')
    const grid = this.page.getByRole('grid', { name: `${kind} objects` })
    await expect(grid).toBeVisible()
    return grid
  }

  /** Shows the table of a kind, selects the row and waits for the inspector. */
  async select(kind: string, name: string | RegExp): Promise<string> {
    const grid = await this.table(kind)
    const cell = grid.getByRole('gridcell', { name }).first()
    const text = (await cell.innerText()).trim()
    await cell.click()
    await expect(this.inspector.getByRole('heading', { name: text })).toBeVisible()
    return text
  }

  async speed(times: number): Promise<void> {
    // The slider is logarithmic: 0 is 0.1x, 100 is 1x, 400 is 1000x.
    const slider = this.time.getByRole('slider', { name: 'Speed' })
    await slider.focus()
    const wanted = Math.round((Math.log10(times) + 1) * 100)
    await slider.fill(String(wanted))
  }

  /** Rows of the pod table that match. */
  async pods(match: RegExp): Promise<Locator> {
    const grid = await this.table('Pod')
    return grid.getByRole('row').filter({ hasText: match })
  }
}
