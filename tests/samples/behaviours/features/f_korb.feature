# language: de
Funktionalität: Körbe

  Szenario: Ein Korb
    Angenommen an empty basket
    Dann it costs 0 coins
