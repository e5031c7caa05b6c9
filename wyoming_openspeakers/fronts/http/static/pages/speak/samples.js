/** Texts to try the page with. */
export const IDEAS = [
  { label: "Dinner", text: "Dinner is ready. Come down before it gets cold!" },
  {
    label: "Good morning",
    text: "Good morning! It is seven degrees outside, and the first bus leaves in ten minutes.",
  },
  {
    label: "A story",
    text: "Once upon a time, in a house by the sea, there lived a clock that was always five minutes late. "
      + "Nobody minded. The tea was always still warm, the trains had always just been held, and the children "
      + "always had five minutes more before bedtime.",
  },
];
