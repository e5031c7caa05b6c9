/** Sentences to hear a voice with, by language. */
const SAMPLES = {
  de: "Guten Abend! Das Essen ist fertig, und draußen beginnt es zu schneien.",
  en: "Good evening! Dinner is ready, and outside it has begun to snow.",
  es: "¡Buenas noches! La cena está lista y fuera ha empezado a nevar.",
  fr: "Bonsoir ! Le dîner est prêt, et dehors il commence à neiger.",
  hi: "नमस्ते! खाना तैयार है, और बाहर बर्फ़ गिरने लगी है।",
  it: "Buonasera! La cena è pronta e fuori ha cominciato a nevicare.",
  ja: "こんばんは。夕食ができました。外は雪が降り始めています。",
  nl: "Goedenavond! Het eten is klaar, en buiten begint het te sneeuwen.",
  pl: "Dobry wieczór! Kolacja gotowa, a na dworze zaczął padać śnieg.",
  pt: "Boa noite! O jantar está pronto, e lá fora começou a nevar.",
  ru: "Добрый вечер! Ужин готов, а на улице пошёл снег.",
  zh: "晚上好！晚饭准备好了，外面开始下雪了。",
};

export const sampleIn = (language) => SAMPLES[language.toLowerCase().split(/[-_]/)[0]] ?? SAMPLES.en;
