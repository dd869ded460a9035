/** The elements of an XML file; attributes, comments and declarations are left out. */
export interface XmlElement {
  tag: string;
  children: XmlElement[];
  text: string;
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const decoded = (text: string): string =>
  text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex?: string, decimal?: string, name?: string) =>
    name ? (entities[name] ?? whole) : String.fromCodePoint(hex ? Number.parseInt(hex, 16) : Number(decimal)),
  );

/** The element of the whole file. Throws where tags do not match. */
export function parseXml(source: string): XmlElement {
  const root: XmlElement = { tag: '', children: [], text: '' };
  const open = [root];
  const parts = source.replace(/<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<!DOCTYPE[^>]*>/g, '').matchAll(/<(\/?)([^\s/>]+)[^>]*?(\/?)>|([^<]+)/g);
  for (const [, isEnd, tag, isEmpty, text] of parts) {
    const current = open.at(-1)!;
    if (text !== undefined) current.text += decoded(text);
    else if (isEnd) {
      if (open.length === 1 || open.pop()!.tag !== tag) throw new Error(`the XML file has an unexpected </${tag}>`);
    } else {
      const element: XmlElement = { tag, children: [], text: '' };
      current.children.push(element);
      if (!isEmpty) open.push(element);
    }
  }
  if (open.length > 1 || root.children.length !== 1) throw new Error('the XML file is cut short or has no single root');
  return root.children[0];
}
