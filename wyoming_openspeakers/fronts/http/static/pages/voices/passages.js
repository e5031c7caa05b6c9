/** What to read aloud for a clone: a quarter of a minute, with most sounds of the language and a question. */
const PASSAGES = {
  de: "Das Küchenfenster geht auf einen schmalen Garten. An ruhigen Morgen hört man den Kessel, einen fernen Zug und "
    + "den Hund der Nachbarn. Warum bellt er so? Niemand weiß es. Donnerstags ist Markt: Wir kaufen Brot, Äpfel, "
    + "frischen Fisch und viel zu viel Käse.",
  en: "The kitchen window looks out on a narrow garden. On quiet mornings you can hear the kettle, a distant train, "
    + "and the neighbour's dog. Why does he bark like that? Nobody knows. Thursday is market day: we buy bread, "
    + "oranges, fresh fish, and far too much cheese.",
  es: "La ventana de la cocina da a un jardín estrecho. En las mañanas tranquilas se oye la tetera, un tren lejano "
    + "y el perro de los vecinos. ¿Por qué ladra así? Nadie lo sabe. El jueves hay mercado: compramos pan, "
    + "naranjas, pescado fresco y demasiado queso.",
  fr: "La fenêtre de la cuisine donne sur un jardin étroit. Les matins calmes, on entend la bouilloire, un train au "
    + "loin et le chien des voisins. Pourquoi aboie-t-il ainsi ? Personne ne le sait. Le jeudi, c'est le marché : "
    + "nous achetons du pain, des oranges, du poisson frais et bien trop de fromage.",
  it: "La finestra della cucina dà su un giardino stretto. Nelle mattine tranquille si sentono il bollitore, un "
    + "treno lontano e il cane dei vicini. Perché abbaia così? Nessuno lo sa. Il giovedì c'è il mercato: "
    + "compriamo pane, arance, pesce fresco e troppo formaggio.",
  nl: "Het keukenraam kijkt uit op een smalle tuin. Op rustige ochtenden hoor je de ketel, een trein in de verte en "
    + "de hond van de buren. Waarom blaft hij zo? Niemand weet het. Donderdag is marktdag: we kopen brood, "
    + "sinaasappels, verse vis en veel te veel kaas.",
};

export const LANGUAGES = Object.keys(PASSAGES);

export const passageIn = (language) => PASSAGES[language];

/** The language that somebody here is likely to read. */
export function likelyLanguage() {
  const spoken = navigator.languages.map((tag) => tag.toLowerCase().split("-")[0]);
  return spoken.find((tag) => tag in PASSAGES) ?? "en";
}
